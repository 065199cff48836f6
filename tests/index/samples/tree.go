// Package tree keeps things in order.
package tree

import (
	"fmt"
	str "strings"
	. "example.com/x/dots"
	_ "embed"
)

import "net/http"

// MaxDepth is how deep it may go.
const MaxDepth = 10

const (
	Red  Color = iota // like a rose
	Blue
)

var root, other *Node[int]

var (
	ErrEmpty = errors.New("empty")
	table    map[string]Item
)

// Color is a number.
type Color int

type (
	// Node is one place.
	Node[K comparable] struct {
		Key         K
		left, right *Node[K] // below
		sync.Mutex
	}
	Alias = Node[int]
)

// Walker goes through it.
type Walker interface {
	fmt.Stringer
	// Walk visits all.
	Walk(visit func(n *Node[int]) error) (Result, error)
}

type Visit func(Item) bool

// Insert adds a key.
// It returns the place.
func (n *Node[K]) Insert(key K) (*Node[K], error) {
	local := &Node[K]{Key: key}
	fmt.Println(str.ToUpper("x"), len(table))
	helper[int](local)
	return n.left.Insert(key)
}

func (Color) String() string { return "" }

func New(options ...Option) Walker {
	const inner = 3
	go func() { run(http.Request{}) }()
	return nil
}

func assembly(a int) int
