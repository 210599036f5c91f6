{{- define "plg.name" -}}
{{- printf "%s-%s" .Release.Name (.Values.nameOverride | default .Chart.Name) | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* What selects pods; never a version, as selectors cannot change. (root, role) */}}
{{- define "plg.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end -}}

{{- define "plg.labels" -}}
{{ include "plg.selector" . }}
app.kubernetes.io/part-of: {{ .root.Chart.Name }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "plg.metadata" -}}
name: {{ include "plg.name" .root }}-{{ .name | default .role }}
namespace: {{ .root.Release.Namespace }}
labels: {{- include "plg.labels" . | nindent 2 }}
{{- end -}}

{{- define "plg.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ with .tag }}:{{ . }}{{ end }}{{ with .digest }}@{{ . }}{{ end }}
{{- end -}}
{{- end -}}

{{/* Of this release's version: another image or other arguments are another Job, where revisions stand
still (a template that is rendered elsewhere), too. */}}
{{- define "plg.prepare.name" -}}
prepare-{{ .Release.Revision }}-{{ printf "%s %s" (include "plg.image" .) (toJson .Values.prepare.arguments) | sha256sum | trunc 8 }}
{{- end -}}
