{{/* A Deployment. (as plg.pod, and: of, the role's values; surge) No replicas where something scales it. */}}
{{- define "plg.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "plg.metadata" . | nindent 2 }}
spec:
  {{- $scaled := dig "autoscaling" "enabled" false (.of | default dict) }}
  {{- if not $scaled }}
  replicas: {{ .of.replicas | default 1 | int64 }}
  {{- end }}
  revisionHistoryLimit: 5
  {{- if .recreate }}
  strategy:
    type: Recreate
  {{- else }}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: {{ .surge | default 1 | int64 }}
  {{- end }}
  selector:
    matchLabels: {{- include "plg.selector" . | nindent 6 }}
  template:
    {{- include "plg.pod" . | nindent 4 }}
{{- if .root.Values.podDisruptionBudget.enabled }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "plg.metadata" . | nindent 2 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {{- include "plg.selector" . | nindent 6 }}
{{- end }}
{{- end -}}

{{- define "plg.service" -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "plg.metadata" . | nindent 2 }}
spec:
  selector: {{- include "plg.selector" . | nindent 4 }}
  ports:
    - name: http
      port: 80
      targetPort: http
{{- end -}}

{{/* KEDA: triggers over Redis, and what holds while it cannot be asked. (root, role, of, triggers) */}}
{{- define "plg.scaled" -}}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  {{- include "plg.metadata" . | nindent 2 }}
spec:
  scaleTargetRef:
    name: {{ include "plg.name" .root }}-{{ .role }}
  pollingInterval: {{ .root.Values.keda.pollingInterval | int64 }}
  cooldownPeriod: {{ .root.Values.keda.cooldownPeriod | int64 }}
  minReplicaCount: {{ .of.autoscaling.min | int64 }}
  maxReplicaCount: {{ .of.autoscaling.max | int64 }}
  fallback:
    failureThreshold: 3
    replicas: {{ .of.autoscaling.fallback | int64 }}
  triggers:
    {{- range .triggers }}
    - type: {{ .type }}
      metricType: AverageValue
      metadata:
        address: {{ $.root.Values.keda.address | quote }}
        databaseIndex: {{ $.root.Values.keda.databaseIndex | int64 | toString | quote }}
        enableTLS: {{ $.root.Values.keda.tls | toString | quote }}
        {{- range $name, $value := .metadata }}
        {{ $name }}: {{ $value | quote }}
        {{- end }}
      {{- if $.root.Values.keda.passwordName }}
      authenticationRef:
        name: {{ include "plg.name" $.root }}-redis
      {{- end }}
    {{- end }}
{{- end -}}
