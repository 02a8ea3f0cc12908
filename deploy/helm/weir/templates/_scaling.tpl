{{/* HorizontalPodAutoscaler. Call: (dict "root" $ "name" … "component" … "labels" … "values" <autoscaling> "metrics" <list>) */}}
{{- define "weir.autoscaler" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ .name }}
  namespace: {{ include "weir.namespace" .root }}
  labels:
    {{- include "weir.labels" (dict "root" .root "component" .component "extra" .labels) | nindent 4 }}
  {{- with .values.annotations }}
  annotations: {{ toYaml . | nindent 4 }}
  {{- end }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ .name }}
  minReplicas: {{ .values.minReplicas }}
  maxReplicas: {{ .values.maxReplicas }}
  metrics:
    {{- range $resource := list "Memory" "CPU" }}
    {{- with index $.values (printf "target%sUtilizationPercentage" $resource) }}
    - type: Resource
      resource:
        name: {{ lower $resource }}
        target:
          type: Utilization
          averageUtilization: {{ . }}
    {{- end }}
    {{- end }}
    {{- with .metrics }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .values.behavior }}
  behavior: {{ toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* PodDisruptionBudget. Call: (dict "root" $ "name" … "component" … "labels" … "values" <with minAvailable …>) */}}
{{- define "weir.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ .name }}
  namespace: {{ include "weir.namespace" .root }}
  labels:
    {{- include "weir.labels" (dict "root" .root "component" .component "extra" .labels) | nindent 4 }}
spec:
  selector:
    matchLabels:
      {{- include "weir.selectorLabels" .root | nindent 6 }}
      app.kubernetes.io/component: {{ .component }}
  {{- if .values.maxUnavailable }}
  maxUnavailable: {{ .values.maxUnavailable }}
  {{- else }}
  minAvailable: {{ .values.minAvailable }}
  {{- end }}
  {{- with .values.unhealthyPodEvictionPolicy }}
  unhealthyPodEvictionPolicy: {{ . }}
  {{- end }}
{{- end -}}
