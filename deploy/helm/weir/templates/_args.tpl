{{/* The controller's arguments. The first is the path that the ingress-nginx image starts; Weir's image has it too. */}}
{{- define "weir.args" -}}
{{- $c := .Values.controller -}}
{{- $name := include "weir.controllerName" . -}}
- /nginx-ingress-controller
{{- if not $c.enableAnnotationValidations }}
- --enable-annotation-validation=false
{{- end }}
{{- if .Values.defaultBackend.enabled }}
- --default-backend-service=$(POD_NAMESPACE)/{{ include "weir.defaultBackendName" . }}
{{- end }}
{{- if and $c.publishService.enabled $c.service.enabled (or $c.service.external.enabled $c.service.internal.enabled) }}
- --publish-service={{ default (printf "$(POD_NAMESPACE)/%s" $name) $c.publishService.pathOverride }}{{ if not $c.service.external.enabled }}-internal{{ end }}
{{- end }}
- --election-id={{ include "weir.electionId" . }}
- --controller-class={{ $c.ingressClassResource.controllerValue }}
{{- with $c.ingressClass }}
- --ingress-class={{ . }}
{{- end }}
- --configmap={{ default "$(POD_NAMESPACE)" $c.configMapNamespace }}/{{ $name }}
{{- if .Values.tcp }}
- --tcp-services-configmap={{ default "$(POD_NAMESPACE)" $c.tcp.configMapNamespace }}/{{ include "weir.fullname" . }}-tcp
{{- end }}
{{- if .Values.udp }}
- --udp-services-configmap={{ default "$(POD_NAMESPACE)" $c.udp.configMapNamespace }}/{{ include "weir.fullname" . }}-udp
{{- end }}
{{- if $c.scope.enabled }}
- --watch-namespace={{ default "$(POD_NAMESPACE)" $c.scope.namespace }}
{{- else if $c.scope.namespaceSelector }}
- --watch-namespace-selector={{ $c.scope.namespaceSelector }}
{{- end }}
{{- if and $c.reportNodeInternalIp $c.hostNetwork }}
- --report-node-internal-ip-address=true
{{- end }}
{{- if $c.admissionWebhooks.enabled }}
- --validating-webhook=:{{ $c.admissionWebhooks.port }}
- --validating-webhook-certificate={{ $c.admissionWebhooks.certificate }}
- --validating-webhook-key={{ $c.admissionWebhooks.key }}
{{- end }}
{{- /* Flag, value, and the value that needs no flag. */}}
{{- range list
      (list "http-port" (int $c.containerPort.http) 80)
      (list "https-port" (int $c.containerPort.https) 443)
      (list "healthz-port" (int $c.metrics.port) 10254)
      (list "healthz-host" $c.healthCheckHost "")
      (list "health-check-path" $c.healthCheckPath "/healthz")
      (list "maxmind-license-key" $c.maxmindLicenseKey "")
      (list "ingress-class-by-name" $c.ingressClassByName false)
      (list "watch-ingress-without-class" $c.watchIngressWithoutClass false)
      (list "enable-metrics" $c.metrics.enabled false)
      (list "enable-topology-aware-routing" $c.enableTopologyAwareRouting false)
      (list "disable-leader-election" $c.disableLeaderElection false)
      (list "election-ttl" $c.electionTTL "") }}
{{- if and (ne (toString (index . 1)) (toString (index . 2))) (not (hasKey $c.extraArgs (index . 0))) }}
- --{{ index . 0 }}={{ index . 1 }}
{{- end }}
{{- end }}
{{- range $flag, $value := $c.extraArgs }}
- --{{ $flag }}{{ if ne (toString $value) "" }}={{ tpl (toString $value) $ }}{{ end }}
{{- end }}
{{- end -}}
