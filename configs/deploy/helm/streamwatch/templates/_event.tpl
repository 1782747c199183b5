{{- /*
The event file is used word for word, so it says itself where it listens and writes. What a
cluster needs of it is looked at here, before anybody uses it: a mistake is an error of helm, and no
pod that restarts.
*/ -}}
{{- define "streamwatch.event" -}}
{{- if not .Values.event -}}
{{- fail "event is empty: give the event file with --set-file event=event.yaml" -}}
{{- end -}}
{{- $event := fromYaml .Values.event -}}
{{- with $event.Error -}}{{- fail (printf "event cannot be read: %s" .) -}}{{- end -}}
{{- $monitor := $event.monitor | default dict -}}
{{- if not (regexMatch "^(0\\.0\\.0\\.0|\\[::\\])?:[0-9]+$" (toString ($monitor.listen | default ""))) -}}
{{- fail "event: monitor.listen must be 0.0.0.0:8090, or another port: the probes and the Service ask there" -}}
{{- end -}}
{{- if not (regexMatch "^/data(/|$)" (toString ($event.output | default ""))) -}}
{{- fail "event: output must be /data: everything else is read-only" -}}
{{- end -}}
{{- $fleet := $event.fleet | default dict -}}
{{- if gt (int .Values.replicas) 1 -}}
{{- if eq .Values.mode "run" -}}
{{- fail "replicas must be 1 in mode run: two monitors report every incident twice. Mode hub has stand-bys" -}}
{{- end -}}
{{- if not $fleet.nats -}}
{{- fail "event: several hubs need fleet.nats, where they agree who leads" -}}
{{- end -}}
{{- if .Values.restartOnChange -}}
{{- fail "restartOnChange must be false with several hubs: one with a new event file waits for the one that leads with the old. POST /api/v1/reload applies a change" -}}
{{- end -}}
{{- end -}}
{{- if and (eq .Values.mode "hub") (not $fleet.nats) -}}
{{- if not (regexMatch "^(0\\.0\\.0\\.0|\\[::\\])?:[0-9]+$" (toString ($fleet.listen | default ""))) -}}
{{- fail "event: a hub needs fleet.nats, or fleet.listen: 0.0.0.0:4222 with fleet.tls for its own server" -}}
{{- end -}}
{{- end -}}
{{- .Values.event -}}
{{- end -}}

{{- /* Where agents join: what values say, else fleet.nats, else the hub's own server. */ -}}
{{- define "streamwatch.join" -}}
{{- if .Values.agents.join -}}
{{- join "," .Values.agents.join -}}
{{- else if eq .Values.mode "agent" -}}
{{- fail "agents.join is empty: the addresses of the NATS where the hub is, such as tls://nats.example.com:4222" -}}
{{- else -}}
{{- $fleet := (fromYaml (include "streamwatch.event" .)).fleet | default dict -}}
{{- if $fleet.nats -}}
{{- join "," $fleet.nats -}}
{{- else -}}
tls://{{ include "streamwatch.name" . }}:{{ include "streamwatch.port" $fleet.listen }}
{{- end -}}
{{- end -}}
{{- end -}}
