{{/* One Service in front of the controller's HTTP and HTTPS ports.
     Call: (dict "root" $ "service" <values> "name" <name> "labels" <labels> "ports" <ports> "targetPorts" <…>) */}}
{{- define "weir.service" -}}
{{- $root := .root -}}
{{- $s := .service -}}
{{- $c := $root.Values.controller -}}
{{- $version := $root.Capabilities.KubeVersion.Version -}}
{{- $node := has $s.type (list "NodePort" "LoadBalancer") -}}
{{- $prefix := ternary (printf "%s-" $root.Values.portNamePrefix) "" (not (empty $root.Values.portNamePrefix)) -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  namespace: {{ include "weir.namespace" $root }}
  labels:
    {{- include "weir.labels" (dict "root" $root "component" "controller" "extra" .labels) | nindent 4 }}
  {{- with $s.annotations }}
  annotations:
    {{- range $key, $value := . }}
    {{ $key }}: {{ tpl (toString $value) $root | quote }}
    {{- end }}
  {{- end }}
spec:
  type: {{ $s.type }}
  {{- with include "weir.pick" (dict "from" $s
        "keys" (list "clusterIP" "clusterIPs" "externalIPs" "loadBalancerIP" "loadBalancerSourceRanges" "loadBalancerClass"
                     "externalTrafficPolicy" "sessionAffinity" "healthCheckNodePort" "ipFamilyPolicy" "ipFamilies")
        "always" (list "allocateLoadBalancerNodePorts")) }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- if and $s.trafficDistribution (semverCompare ">=1.31.0-0" $version) }}
  trafficDistribution: {{ $s.trafficDistribution }}
  {{- end }}
  ports:
    {{- range $name := list "http" "https" }}
    {{- if index $c.service (printf "enable%s" (title $name)) }}
    - name: {{ $name }}
      port: {{ index $.ports $name }}
      protocol: TCP
      targetPort: {{ index $.targetPorts $name }}
      {{- if $s.appProtocol }}
      appProtocol: {{ $name }}
      {{- end }}
      {{- if $node }}{{ with index $s.nodePorts $name }}
      nodePort: {{ . }}
      {{- end }}{{ end }}
    {{- end }}
    {{- end }}
    {{- range $protocol, $services := dict "tcp" $root.Values.tcp "udp" $root.Values.udp }}
    {{- range $port, $target := $services }}
    - name: {{ $prefix }}{{ $port }}-{{ $protocol }}
      port: {{ $port }}
      protocol: {{ upper $protocol }}
      targetPort: {{ $prefix }}{{ $port }}-{{ $protocol }}
      {{- if $node }}{{ with index (default dict (index $s.nodePorts $protocol)) (toString $port) }}
      nodePort: {{ . }}
      {{- end }}{{ end }}
    {{- end }}
    {{- end }}
  selector:
    {{- include "weir.selectorLabels" $root | nindent 4 }}
    app.kubernetes.io/component: controller
{{- end -}}
