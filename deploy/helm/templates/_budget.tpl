{{/* The most pods of a role with what a rolling update starts beside them. (values of the role, surge) */}}
{{- define "plg.most" -}}
{{- $replicas := .of.replicas -}}
{{- with .of.autoscaling -}}{{- if .enabled -}}{{- $replicas = .max -}}{{- end -}}{{- end -}}
{{- add $replicas .surge -}}
{{- end -}}

{{/* Processes of each kind at their most, as JSON: docs/scaling.md. */}}
{{- define "plg.processes" -}}
{{- $v := .Values -}}
{{- $workers := 0 -}}
{{- range $queue := list "now" "soon" "beat" "bulk" -}}
{{- $of := get $v.workers $queue -}}
{{- $workers = add $workers (mul (include "plg.most" (dict "of" $of "surge" 1) | int) $of.concurrency) -}}
{{- end -}}
{{- dict
  "web" (mul (include "plg.most" (dict "of" $v.web "surge" $v.web.maxSurge) | int) $v.web.processes)
  "workers" $workers
  "events" (include "plg.most" (dict "of" $v.events "surge" 1) | int)
  "readers" (include "plg.most" (dict "of" $v.readers "surge" 1) | int)
  "collect" (ternary (include "plg.most" (dict "of" $v.collect "surge" 1) | int) 0 $v.collect.enabled)
  "outbound" (include "plg.most" (dict "of" $v.outbound "surge" 1) | int)
  | toJson -}}
{{- end -}}

{{/* Connections that they may open at once, as JSON: main, events. Each line as in plg_site/doctor/connections.py. */}}
{{- define "plg.connections" -}}
{{- $v := .Values -}}
{{- $c := $v.connections -}}
{{- $n := include "plg.processes" . | fromJson -}}
{{- $lanes := $v.settings.MAIL_AT_ONCE | default 4 | int -}}
{{- if $v.settings.SMS_PROVIDER -}}{{- $lanes = add $lanes 1 -}}{{- end -}}
{{- $main := add
  (mul $n.web (min $c.poolSize $v.web.threads))
  (mul $n.workers (min $c.poolSize 2))
  $n.events
  (mul $n.readers $v.readers.threads)
  $n.collect
  (mul $n.outbound (min $c.poolSize (add 5 $lanes | int)))
  5 -}}
{{- $events := add
  (mul $n.web (min $c.eventsPoolSize $v.web.threads))
  (mul $n.workers (min $c.eventsPoolSize 2))
  (mul $n.events (min $c.eventsPoolSize 2))
  (mul $n.readers (min $c.eventsPoolSize $v.readers.threads))
  (min $c.eventsPoolSize 2) -}}
{{- dict "main" $main "events" $events | toJson -}}
{{- end -}}

{{- define "plg.budget.check" -}}
{{- $c := .Values.connections -}}
{{- $needed := include "plg.connections" . | fromJson -}}
{{- $main := add $needed.main $c.spare | int -}}
{{- $events := add $needed.events $c.spare | int -}}
{{- $how := "Lower the most of web or workers, poolSize or eventsPoolSize; or raise what the server gives." -}}
{{- if not $c.eventsMaxConnections -}}
{{- $main = add $main $needed.events | int -}}
{{- end -}}
{{- if and $c.maxConnections (gt $main ($c.maxConnections | int)) -}}
{{- fail (printf "At their most, processes may open %d connections, and connections.maxConnections is %d. %s" $main ($c.maxConnections | int) $how) -}}
{{- end -}}
{{- if and $c.eventsMaxConnections (gt $events ($c.eventsMaxConnections | int)) -}}
{{- fail (printf "At their most, processes may open %d connections to the events database, and connections.eventsMaxConnections is %d. %s" $events ($c.eventsMaxConnections | int) $how) -}}
{{- end -}}
{{- end -}}
