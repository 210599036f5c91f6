{{/* The template of a pod. (root, role, name, arguments, resources, grace; ports, http, drain, env, claim, waits) */}}
{{- define "plg.pod" -}}
{{- $v := .root.Values -}}
metadata:
  labels: {{- include "plg.labels" . | nindent 4 }}
  annotations:
    plg/settings: {{ include "plg.settings" .root | sha256sum | trunc 16 | quote }}
    {{- with $v.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "plg.name" .root }}-pods
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .grace | int64 }}
  {{- with $v.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  {{- if .job }}
  restartPolicy: Never
  {{- end }}
  {{- if .waits }}
  initContainers:
    - name: wait
      {{- include "plg.container" (merge (dict "arguments" (list "wait" "--timeout" ($v.prepare.waitSeconds | int64 | toString))) (omit . "http" "ports" "env")) | nindent 6 }}
  {{- end }}
  containers:
    - name: {{ .role }}
      {{- include "plg.container" . | nindent 6 }}
  volumes:
    - name: tmp
      emptyDir:
        sizeLimit: 1Gi
    - name: state
      {{- if .claim }}
      persistentVolumeClaim:
        claimName: {{ .claim }}
      {{- else if $v.state.existingClaim }}
      persistentVolumeClaim:
        claimName: {{ $v.state.existingClaim }}
      {{- else }}
      emptyDir:
        sizeLimit: {{ $v.state.sizeLimit }}
      {{- end }}
    - name: secrets
      secret:
        secretName: {{ $v.existingSecret }}
        defaultMode: 0440
        items:
          {{- range $v.secretNames }}
          - key: {{ . }}
            path: {{ . }}
          {{- end }}
  topologySpreadConstraints:
    {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels: {{- include "plg.selector" $ | nindent 10 }}
    {{- end }}
  {{- with $v.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "plg.container" -}}
{{- $v := .root.Values -}}
image: {{ include "plg.image" .root | quote }}
imagePullPolicy: {{ $v.image.pullPolicy }}
args: {{- toYaml .arguments | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  privileged: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
envFrom:
  - configMapRef:
      name: {{ include "plg.name" .root }}-settings
env:
  {{- range $v.secretNames }}
  - name: {{ . }}_FILE
    value: /run/secrets/plg/{{ . }}
  {{- end }}
  {{- range $name, $value := .env }}
  - name: {{ $name }}
    value: {{ $value | quote }}
  {{- end }}
{{- with .ports }}
ports:
  {{- range $name, $port := . }}
  - name: {{ $name }}
    containerPort: {{ $port | int64 }}
  {{- end }}
{{- end }}
{{- if .http }}
startupProbe:
  {{- include "plg.asks" (dict "root" .root "path" $v.health.live) | nindent 2 }}
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 60
livenessProbe:
  {{- include "plg.asks" (dict "root" .root "path" $v.health.live "socket" .socket) | nindent 2 }}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  {{- include "plg.asks" (dict "root" .root "path" $v.health.ready) | nindent 2 }}
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 2
lifecycle:
  preStop:
    # Balancers take this pod out meanwhile; it goes on answering.
    sleep:
      seconds: {{ $v.drainSeconds | int64 }}
{{- end }}
resources: {{- toYaml .resources | nindent 2 }}
volumeMounts:
  - name: tmp
    mountPath: /tmp
  - name: state
    mountPath: /var/lib/plg
  - name: secrets
    mountPath: /run/secrets/plg
    readOnly: true
{{- end -}}

{{/* `live` without Redis is not ready, and still alive: its port is enough. */}}
{{- define "plg.asks" -}}
{{- if .socket -}}
tcpSocket:
  port: http
{{- else -}}
httpGet:
  port: http
  path: {{ .path }}
  httpHeaders:
    - name: Host
      value: {{ .root.Values.health.host | default (get .root.Values.settings "SITE_DOMAIN") | quote }}
{{- end -}}
{{- end -}}
