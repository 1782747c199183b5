{{- define "streamwatch.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "streamwatch.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "streamwatch.labels" -}}
{{ include "streamwatch.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "streamwatch.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ $tag }}
{{- end -}}
{{- end -}}

{{- define "streamwatch.account" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "streamwatch.name" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- /* The port of host:port. */ -}}
{{- define "streamwatch.port" -}}
{{- regexFind "[0-9]+$" . -}}
{{- end -}}

{{- /* What every pod and container may do. */ -}}
{{- define "streamwatch.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "streamwatch.security" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- define "streamwatch.secretMounts" -}}
{{- range $i, $secret := .Values.secretFiles }}
- {name: secret-{{ $i }}, mountPath: /secrets/{{ $secret }}, readOnly: true}
{{- end -}}
{{- end -}}

{{- define "streamwatch.secretVolumes" -}}
{{- range $i, $secret := .Values.secretFiles }}
- {name: secret-{{ $i }}, secret: {secretName: {{ $secret }}, defaultMode: 0440}}
{{- end -}}
{{- end -}}

{{- define "streamwatch.secretEnv" -}}
{{- range . }}
- {secretRef: {name: {{ . }}}}
{{- end -}}
{{- end -}}

{{- /* Where the pods of one kind go: a map of nodeSelector, tolerations, affinity. */ -}}
{{- define "streamwatch.placement" -}}
{{- range $key := list "nodeSelector" "tolerations" "affinity" -}}
{{- with index $ $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}
{{- end -}}
