package acpi

import "bytes"

// Bytecode of the ACPI machine language (ACPI 20.2 and 20.3).
const (
	amlZero    = 0x00
	amlOne     = 0x01
	amlName    = 0x08
	amlByte    = 0x0a
	amlWord    = 0x0b
	amlDWord   = 0x0c
	amlPackage = 0x12
	amlOnes    = 0xff
)

// s5 finds the sleep types of "soft off".
//
// Running AML takes an interpreter. What is needed of it here is one constant,
// and every known firmware defines it as such: Name (_S5, Package () {a, b,
// ...}) with literal numbers. So the bytecode is searched for exactly that, in
// the DSDT and then the SSDTs. Not found is an \_S5 that is a method or is
// computed; found, though not meant, would be one in a scope other than the
// root or under a condition that does not hold.
func (p *parser) s5() {
	for _, signature := range []string{"DSDT", "SSDT"} {
		for _, t := range p.tables {
			if t.signature != signature {
				continue
			}
			if a, b, ok := findS5(t.bytes[headerSize:]); ok {
				p.info.Power.HasS5 = true
				p.info.Power.SleepTypeA, p.info.Power.SleepTypeB = a, b
				return
			}
		}
	}
	p.info.Note("ACPI: no \\_S5 found: the machine cannot be switched off.")
}

// findS5 searches AML for the first well-formed definition of _S5.
func findS5(aml []byte) (a, b uint8, ok bool) {
	name := []byte("_S5_")
	for pos := 0; ; {
		i := bytes.Index(aml[pos:], name)
		if i < 0 {
			return 0, 0, false
		}
		at := pos + i
		pos = at + len(name)
		named := at >= 1 && aml[at-1] == amlName ||
			at >= 2 && aml[at-1] == '\\' && aml[at-2] == amlName
		if !named {
			continue
		}
		if a, b, ok = sleepTypes(aml[pos:]); ok {
			return a, b, true
		}
	}
}

// sleepTypes decodes the package that defines _S5: two numbers of 3 bits, then
// two that are reserved and may be missing.
func sleepTypes(aml []byte) (a, b uint8, ok bool) {
	if len(aml) < 2 || aml[0] != amlPackage {
		return 0, 0, false
	}
	// The top two bits of the first byte of the package's length count the
	// bytes that follow it (ACPI 20.2.4). After the length stands the number
	// of elements.
	lengthBytes := 1 + int(aml[1]>>6)
	aml = aml[1:]
	if len(aml) < lengthBytes+1 || aml[lengthBytes] < 1 {
		return 0, 0, false
	}
	elements := aml[lengthBytes]
	aml = aml[lengthBytes+1:]
	va, aml, ok := literal(aml)
	if !ok || va > 7 {
		return 0, 0, false
	}
	if elements < 2 {
		return uint8(va), 0, true
	}
	vb, _, ok := literal(aml)
	if !ok || vb > 7 {
		return 0, 0, false
	}
	return uint8(va), uint8(vb), true
}

// literal decodes one constant number.
func literal(aml []byte) (v uint32, rest []byte, ok bool) {
	if len(aml) == 0 {
		return 0, nil, false
	}
	size := 0
	switch aml[0] {
	case amlZero, amlOne:
		return uint32(aml[0]), aml[1:], true
	case amlOnes:
		return 0xffffffff, aml[1:], true
	case amlByte:
		size = 1
	case amlWord:
		size = 2
	case amlDWord:
		size = 4
	default:
		return 0, nil, false
	}
	if len(aml) < 1+size {
		return 0, nil, false
	}
	for i := size; i > 0; i-- {
		v = v<<8 | uint32(aml[i])
	}
	return v, aml[1+size:], true
}
