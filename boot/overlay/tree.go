package overlay

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Tree makes dir look like a GOROOT that has the changes of the overlay in its
// files, for tools that read the standard library's sources but do not know
// about overlays. All of it is symbolic links to goroot and to the files of
// the overlay with this index.
func Tree(goroot, index, dir string) error {
	text, err := os.ReadFile(index)
	if err != nil {
		return err
	}
	var overlay struct{ Replace map[string]string }
	if err := json.Unmarshal(text, &overlay); err != nil {
		return fmt.Errorf("%s: %w", index, err)
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	open := map[string]bool{".": true} // directories that are not one link
	changed := make(map[string]string)
	for name, to := range overlay.Replace {
		if to == "" {
			continue // hidden
		}
		rel, err := filepath.Rel(goroot, name)
		if err != nil {
			return err
		}
		changed[rel] = to
		for d := filepath.Dir(rel); d != "."; d = filepath.Dir(d) {
			open[d] = true
		}
	}
	for d := range open {
		if err := linkDir(goroot, dir, d, open, changed); err != nil {
			return err
		}
	}
	for rel, to := range changed {
		if err := os.Symlink(to, filepath.Join(dir, rel)); err != nil {
			return err
		}
	}
	return nil
}

// linkDir makes the directory rel below dir, with links to what goroot has
// there, leaving out directories to be made in turn and files that change.
func linkDir(goroot, dir, rel string, open map[string]bool, changed map[string]string) error {
	if err := os.MkdirAll(filepath.Join(dir, rel), 0o777); err != nil {
		return err
	}
	entries, err := os.ReadDir(filepath.Join(goroot, rel))
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	for _, e := range entries {
		name := filepath.Join(rel, e.Name())
		if open[name] || changed[name] != "" || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if err := os.Symlink(filepath.Join(goroot, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}
