package checks_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe/checks"
)

// What a check is stands on it as data (Check.Transport and the like): no room
// behind the checks spells the id of one.
func TestNobodyElseSpellsIDs(t *testing.T) {
	ids := map[string]bool{}
	for _, c := range checks.All() {
		if strings.Contains(c.ID, ".") { // the others are words of their own
			ids[c.ID] = true
		}
	}
	for _, room := range []string{"../diagnose", "../incident", "../monitor", "../web", "../sink", "../../dashboards"} {
		err := filepath.WalkDir(room, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if s, err := strconv.Unquote(lit.Value); err == nil && ids[s] {
						t.Errorf("%s spells %q", files.Position(lit.Pos()), s)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
