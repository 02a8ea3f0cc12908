{{/* The controller's pod, the same for a Deployment and a DaemonSet. */}}

{{- define "weir.securityContext" -}}
{{- $c := .Values.controller -}}
{{- if $c.containerSecurityContext -}}
{{ toYaml $c.containerSecurityContext }}
{{- else -}}
runAsNonRoot: {{ $c.image.runAsNonRoot }}
runAsUser: {{ $c.image.runAsUser }}
runAsGroup: {{ $c.image.runAsGroup }}
allowPrivilegeEscalation: {{ $c.image.allowPrivilegeEscalation }}
readOnlyRootFilesystem: {{ $c.image.readOnlyRootFilesystem }}
{{- with $c.image.seccompProfile }}
seccompProfile: {{ toYaml . | nindent 2 }}
{{- end }}
capabilities:
  drop: [ALL]
{{- if include "weir.lowPorts" . }}
  add: [NET_BIND_SERVICE]
{{- end }}
{{- end -}}
{{- end -}}

{{/* Not empty if one of the container's ports is below 1024 and so needs a capability. */}}
{{- define "weir.lowPorts" -}}
{{- range $name, $port := .Values.controller.containerPort }}{{ if lt (int $port) 1024 }}y{{ end }}{{ end -}}
{{- range $services := list .Values.tcp .Values.udp }}
{{- range $port, $target := $services }}{{ if lt (int $port) 1024 }}y{{ end }}{{ end -}}
{{- end -}}
{{- end -}}

{{- define "weir.containerPorts" -}}
{{- $c := .Values.controller -}}
{{- $prefix := ternary (printf "%s-" .Values.portNamePrefix) "" (not (empty .Values.portNamePrefix)) -}}
{{- range $name, $port := $c.containerPort }}
- name: {{ $name }}
  containerPort: {{ $port }}
  protocol: TCP
  {{- if $c.hostPort.enabled }}
  hostPort: {{ index $c.hostPort.ports $name | default $port }}
  {{- end }}
{{- end }}
{{- if $c.metrics.enabled }}
- name: {{ $c.metrics.portName }}
  containerPort: {{ $c.metrics.port }}
  protocol: TCP
{{- end }}
{{- if $c.admissionWebhooks.enabled }}
- name: webhook
  containerPort: {{ $c.admissionWebhooks.port }}
  protocol: TCP
{{- end }}
{{- range $protocol, $services := dict "tcp" .Values.tcp "udp" .Values.udp }}
{{- range $port, $target := $services }}
- name: {{ $prefix }}{{ $port }}-{{ $protocol }}
  containerPort: {{ $port }}
  protocol: {{ upper $protocol }}
  {{- if $c.hostPort.enabled }}
  hostPort: {{ $port }}
  {{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "weir.probe" -}}
{{- $probe := deepCopy .probe -}}
{{- /* The probes ask the port of the metrics, wherever it was moved to. */ -}}
{{- if and (hasKey $probe "httpGet") (eq (int $probe.httpGet.port) 10254) }}{{ $_ := set $probe.httpGet "port" (int .port) }}{{ end -}}
{{- toYaml $probe -}}
{{- end -}}

{{- define "weir.pod" -}}
{{- $c := .Values.controller -}}
metadata:
  {{- with $c.podAnnotations }}
  annotations:
    {{- range $key, $value := . }}
    {{ $key }}: {{ toString $value | quote }}
    {{- end }}
  {{- end }}
  labels:
    {{- include "weir.labels" (dict "root" . "component" "controller" "extra" (merge (deepCopy $c.podLabels) $c.labels)) | nindent 4 }}
spec:
  serviceAccountName: {{ include "weir.serviceAccountName" . }}
  automountServiceAccountToken: {{ .Values.serviceAccount.automountServiceAccountToken }}
  terminationGracePeriodSeconds: {{ $c.terminationGracePeriodSeconds }}
  {{- with include "weir.pick" (dict "from" $c "keys" (list "dnsPolicy" "dnsConfig" "hostname" "hostNetwork" "priorityClassName" "runtimeClassName" "shareProcessNamespace" "nodeSelector" "tolerations")) }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- range $key := list "hostAliases" "affinity" "topologySpreadConstraints" }}
  {{- with index $c $key }}
  {{ $key }}: {{ tpl (toYaml .) $ | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets: {{ toYaml . | nindent 4 }}
  {{- end }}
  {{- if or $c.podSecurityContext $c.sysctls }}
  securityContext:
    {{- with $c.podSecurityContext }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- if $c.sysctls }}
    sysctls:
      {{- range $name, $value := $c.sysctls }}
      - name: {{ $name }}
        value: {{ toString $value | quote }}
      {{- end }}
    {{- end }}
  {{- end }}
  {{- with $c.extraInitContainers }}
  initContainers: {{ tpl (toYaml .) $ | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ $c.containerName }}
      image: {{ include "weir.image" (dict "image" $c.image "root" .) | quote }}
      imagePullPolicy: {{ $c.image.pullPolicy }}
      args: {{ include "weir.args" . | nindent 8 }}
      env:
        - name: POD_NAME
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        - name: POD_NAMESPACE
          valueFrom:
            fieldRef:
              fieldPath: metadata.namespace
        {{- with $c.extraEnvs }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports: {{ include "weir.containerPorts" . | nindent 8 }}
      securityContext: {{ include "weir.securityContext" . | nindent 8 }}
      {{- range $kind := list "startupProbe" "livenessProbe" "readinessProbe" }}
      {{- with index $c $kind }}
      {{ $kind }}: {{ include "weir.probe" (dict "probe" . "port" $c.metrics.port) | nindent 8 }}
      {{- end }}
      {{- end }}
      {{- with include "weir.pick" (dict "from" $c "keys" (list "lifecycle" "resources" "resizePolicy")) }}
      {{- . | nindent 6 }}
      {{- end }}
      volumeMounts:
        - name: temporary
          mountPath: /tmp
        {{- if $c.admissionWebhooks.enabled }}
        - name: webhook-cert
          mountPath: {{ dir $c.admissionWebhooks.certificate }}
          readOnly: true
        {{- end }}
        {{- with $c.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    {{- with $c.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    # Request and response bodies that do not fit into memory; the root file system is read-only.
    - name: temporary
      emptyDir: {}
    {{- if $c.admissionWebhooks.enabled }}
    - name: webhook-cert
      secret:
        secretName: {{ include "weir.webhookName" . }}
        {{- if $c.admissionWebhooks.certManager.enabled }}
        items:
          - key: tls.crt
            path: {{ base $c.admissionWebhooks.certificate }}
          - key: tls.key
            path: {{ base $c.admissionWebhooks.key }}
        {{- end }}
    {{- end }}
    {{- with $c.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
