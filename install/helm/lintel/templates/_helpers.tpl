{{- define "lintel.policy" -}}
{{- .group.policy | default (.root.Files.Get "policy.toml") -}}
{{- end -}}
{{- define "lintel.configMap" -}}
{{ .root.Release.Name }}-policy-{{ .group.name }}-{{ include "lintel.policy" . | sha256sum | trunc 10 }}
{{- end -}}
{{- define "lintel.selector" -}}
app.kubernetes.io/name: lintel-node
app.kubernetes.io/instance: {{ .root.Release.Name }}
lintel-policy: {{ .group.name }}
{{- end -}}
{{- define "lintel.labels" -}}
{{ include "lintel.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end -}}
