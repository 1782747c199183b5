package main_test

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// table is text in columns.
type table struct {
	text strings.Builder
	out  *tabwriter.Writer
}

func newTable(columns ...string) *table {
	rows := &table{}
	rows.out = tabwriter.NewWriter(&rows.text, 0, 0, 2, ' ', 0)
	rows.add(columns...)
	return rows
}

func (rows *table) add(cells ...string) { fmt.Fprintln(rows.out, strings.Join(cells, "\t")) }

func (rows *table) String() string { _ = rows.out.Flush(); return rows.text.String() }
