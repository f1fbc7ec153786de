// Prints, of every Go type that Kubernetes' own kinds are made of, which of its fields an API server writes although
// they are empty: as JSON, by the name that the type has in the OpenAPI documents.
//
// `always` holds the fields that are written where none was given, with their values. `kept` names those that are
// written where what was given is empty: pointers, and lists and maps without omitempty. What is in neither gets lost.
package main

import (
	"encoding/json"
	"os"
	"reflect"
	"sort"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	aggregator "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

type form struct {
	Always map[string]any `json:"always,omitempty"`
	Kept   []string       `json:"kept,omitempty"`
}

var marshaler = reflect.TypeFor[json.Marshaler]()

func main() {
	for _, add := range []func(*runtime.Scheme) error{apiextensions.AddToScheme, aggregator.AddToScheme} {
		if err := add(scheme.Scheme); err != nil {
			panic(err)
		}
	}
	found := map[reflect.Type]form{}
	for _, each := range scheme.Scheme.AllKnownTypes() {
		look(each, found)
	}
	named := map[string]form{}
	for each, form := range found {
		if len(form.Always)+len(form.Kept) > 0 {
			named["io."+strings.ReplaceAll(strings.Replace(each.PkgPath(), "k8s.io", "k8s", 1), "/", ".")+"."+each.Name()] = form
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(named); err != nil {
		panic(err)
	}
}

// look adds what is to be said of a type, and of those that it is made of.
func look(each reflect.Type, found map[reflect.Type]form) {
	switch each.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		look(each.Elem(), found)
	case reflect.Struct:
		// a type with a form of its own is written by its own code
		if _, known := found[each]; known || each.Implements(marshaler) || reflect.PointerTo(each).Implements(marshaler) {
			return
		}
		found[each] = form{Always: written(reflect.New(each)), Kept: kept(each)}
		for _, field := range fields(each) {
			look(field.Type, found)
		}
	}
}

// fields are those of a struct that have a name in JSON, and those of the structs that stand inline in it.
func fields(each reflect.Type) []reflect.StructField {
	var found []reflect.StructField
	for number := range each.NumField() {
		field := each.Field(number)
		if name, options, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
			found = append(found, field)
		} else if strings.Contains(options, "inline") {
			for _, inner := range fields(field.Type) {
				inner.Index = append([]int{number}, inner.Index...)
				found = append(found, inner)
			}
		}
	}
	return found
}

// kept are the names of the fields of a struct that are written when they are empty.
func kept(each reflect.Type) []string {
	var names []string
	for _, field := range fields(each) {
		value := reflect.New(each)
		if place := value.Elem().FieldByIndex(field.Index); !fill(place) {
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if _, there := written(value)[name]; there {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

// fill makes a field empty that is not set; false: it is of a type that cannot tell the two apart.
func fill(place reflect.Value) bool {
	switch place.Kind() {
	case reflect.Pointer:
		place.Set(reflect.New(place.Type().Elem()))
	case reflect.Slice:
		place.Set(reflect.MakeSlice(place.Type(), 0, 0))
	case reflect.Map:
		place.Set(reflect.MakeMap(place.Type()))
	default:
		return false
	}
	return true
}

// written is a struct as policies see it.
func written(value reflect.Value) map[string]any {
	made, err := runtime.DefaultUnstructuredConverter.ToUnstructured(value.Interface())
	if err != nil {
		panic(err)
	}
	return made
}
