// Package glob has what a shell knows of patterns and path.Match does not.
package glob

import (
	"slices"
	"strings"
)

// Visible is the names, which the pattern matches, but for those that begin with
// a dot, in the name or in a folder of it, where the pattern has none. Pattern
// and names are clean paths with slashes. It changes names.
func Visible(pattern string, names []string) []string {
	patterns := strings.Split(pattern, "/")
	return slices.DeleteFunc(names, func(name string) bool {
		for i, element := range strings.Split(name, "/") {
			if strings.HasPrefix(element, ".") && !strings.HasPrefix(patterns[i], ".") {
				return true
			}
		}
		return false
	})
}
