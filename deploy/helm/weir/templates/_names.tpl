{{/* Names, labels and selectors. They equal those of the ingress-nginx chart, because Services, dashboards,
     NetworkPolicies and kubectl lines of its users select by them. */}}

{{- define "weir.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Release "ingress-nginx" gives "ingress-nginx", release "edge" gives "edge-ingress-nginx". */}}
{{- define "weir.fullname" -}}
{{- $name := include "weir.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "weir.suffixed" -}}
{{- printf "%s-%s" (include "weir.fullname" .root) .suffix | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "weir.controllerName" -}}
{{- include "weir.suffixed" (dict "root" . "suffix" .Values.controller.name) -}}
{{- end -}}

{{- define "weir.defaultBackendName" -}}
{{- include "weir.suffixed" (dict "root" . "suffix" .Values.defaultBackend.name) -}}
{{- end -}}

{{- define "weir.webhookName" -}}
{{- include "weir.suffixed" (dict "root" . "suffix" .Values.controller.admissionWebhooks.name) -}}
{{- end -}}

{{- define "weir.webhookServiceName" -}}
{{- printf "%s-admission" (include "weir.controllerName" .) -}}
{{- end -}}

{{- define "weir.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- define "weir.serviceAccountName" -}}
{{- default (ternary (include "weir.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "weir.defaultBackendServiceAccountName" -}}
{{- $account := .Values.defaultBackend.serviceAccount -}}
{{- default (ternary (printf "%s-backend" (include "weir.fullname" .)) "default" $account.create) $account.name -}}
{{- end -}}

{{- define "weir.electionId" -}}
{{- default (printf "%s-leader" (include "weir.fullname" .)) .Values.controller.electionID -}}
{{- end -}}

{{- define "weir.selectorLabels" -}}
app.kubernetes.io/name: {{ include "weir.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Call: (dict "root" $ "component" "controller" "extra" .Values.controller.labels) */}}
{{- define "weir.labels" -}}
{{- $root := .root -}}
{{- $labels := dict
      "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
      "app.kubernetes.io/name" (include "weir.name" $root)
      "app.kubernetes.io/instance" $root.Release.Name
      "app.kubernetes.io/version" $root.Chart.AppVersion
      "app.kubernetes.io/part-of" (include "weir.name" $root)
      "app.kubernetes.io/managed-by" $root.Release.Service -}}
{{- with .component }}{{- $_ := set $labels "app.kubernetes.io/component" . }}{{- end -}}
{{- toYaml (mergeOverwrite $labels (deepCopy (default dict $root.Values.commonLabels)) (deepCopy (default dict .extra))) -}}
{{- end -}}

{{/* Those keys of a map that have a value, as YAML; false and 0 count as values only when listed in "always".
     Call: (dict "from" .Values.x "keys" (list "a" "b")) */}}
{{- define "weir.pick" -}}
{{- $out := dict -}}
{{- range $key := .keys -}}
{{- $value := index $.from $key -}}
{{- if $value }}{{- $_ := set $out $key $value }}{{- end -}}
{{- end -}}
{{- range $key := .always -}}
{{- if hasKey $.from $key }}{{- $_ := set $out $key (index $.from $key) }}{{- end -}}
{{- end -}}
{{- if $out }}{{ toYaml $out }}{{ end -}}
{{- end -}}

{{/* An image reference from a values' image map and global.image.
     Call: (dict "image" .Values.controller.image "root" $) */}}
{{- define "weir.image" -}}
{{- $image := .image -}}
{{- $registry := default .root.Values.global.image.registry $image.registry -}}
{{- $path := default (ternary (printf "%s/%s" $registry $image.image) (toString $image.image) (not (empty $registry))) $image.repository -}}
{{- printf "%s:%s" $path (toString (default .root.Chart.AppVersion $image.tag)) -}}
{{- with $image.digest }}@{{ . }}{{ end -}}
{{- end -}}
