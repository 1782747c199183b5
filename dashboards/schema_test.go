package dashboards

import (
	"encoding/json"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// The dashboard is what Grafana's own schema says one is: every key known, every
// required one there, the options of its panels and queries too.
func TestGrafanaSchema(t *testing.T) {
	known := cog.NewRuntime()
	for _, panel := range []func() variants.PanelcfgConfig{
		stat.VariantConfig, table.VariantConfig, timeseries.VariantConfig,
	} {
		known.RegisterPanelcfgVariant(panel())
	}
	known.RegisterDataqueryVariant(prometheus.VariantConfig())

	text, err := Grafana()
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(text, &keys); err != nil {
		t.Fatal(err)
	}
	for _, ofImport := range []string{"__inputs", "__requires"} { // of the file, not of the dashboard
		if keys[ofImport] == nil {
			t.Errorf("%s is missing: Grafana would not ask for the data source", ofImport)
		}
		delete(keys, ofImport)
	}
	if text, err = json.Marshal(keys); err != nil {
		t.Fatal(err)
	}
	//nolint:staticcheck // the model that every Grafana from 10 on imports
	var d dashboard.Dashboard
	if err := d.UnmarshalJSONStrict(text); err != nil && err.Error() != "" { // a list of no errors is an error to it
		t.Error(err)
	}
	if err := d.Validate(); err != nil {
		t.Error(err)
	}
}
