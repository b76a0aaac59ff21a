package params

import "fmt"

// The functions here make the usual entries of a table.

// Flag is a bare word that sets *p.
func Flag(name string, p *bool) Setup {
	return Word(name, func() { *p = true })
}

// Word is a bare word that calls set.
func Word(name string, set func()) Setup {
	return Setup{Name: name, Parse: func(_ string, hasValue bool) error {
		if hasValue {
			return errNoValue
		}
		set()
		return nil
	}}
}

// Value is a parameter whose value goes through parse into *p. The bare word
// is an error, unless name ends in "=".
func Value[T any](name string, p *T, parse func(string) (T, error)) Setup {
	return Setup{Name: name, Parse: func(value string, hasValue bool) error {
		if !hasValue {
			return errNeedsValue
		}
		v, err := parse(value)
		if err != nil {
			return err
		}
		*p = v
		return nil
	}}
}

// String is a parameter whose value is taken as it is. It must not be empty.
func String(name string, p *string) Setup {
	return Value(name, p, func(s string) (string, error) {
		if s == "" {
			return "", errNeedsValue
		}
		return s, nil
	})
}

// Int is a whole number from lo to hi.
func Int(name string, p *int, lo, hi int) Setup {
	return Value(name, p, func(s string) (int, error) {
		v, err := ParseInt(s)
		if err == nil && (v < lo || v > hi) {
			err = fmt.Errorf("not between %d and %d", lo, hi)
		}
		return v, err
	})
}

// Bool is a truth value as in ParseBool; the bare word means true.
func Bool(name string, p *bool) Setup {
	return Setup{Name: name, Parse: func(value string, hasValue bool) error {
		v := true
		if hasValue {
			var err error
			if v, err = ParseBool(value); err != nil {
				return err
			}
		}
		*p = v
		return nil
	}}
}

// Size is an amount of memory as in ParseSize; zero is an error.
func Size(name string, p *uint64) Setup {
	return Value(name, p, func(s string) (uint64, error) {
		v, err := ParseSize(s)
		if err == nil && v == 0 {
			err = fmt.Errorf("must not be zero")
		}
		return v, err
	})
}
