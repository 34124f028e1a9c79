package watch

import "time"

// clock writes times as time.RFC3339Nano does. What precedes and follows the
// fraction is the same for all lines of a second, and costs most.
type clock struct {
	second       int64 // Unix time of text and zone
	place        *time.Location
	text, offset []byte
}

func (c *clock) append(b []byte, t time.Time) []byte {
	if s := t.Unix(); s != c.second || t.Location() != c.place || c.text == nil {
		c.second, c.place = s, t.Location()
		c.text = t.AppendFormat(c.text[:0], "2006-01-02T15:04:05")
		c.offset = t.AppendFormat(c.offset[:0], "Z07:00")
	}
	b = append(b, c.text...)
	if n := t.Nanosecond(); n != 0 {
		var fraction [10]byte
		end := 1
		for i := 9; i > 0; i-- {
			if fraction[i] = '0' + byte(n%10); n%10 != 0 {
				end = max(end, i+1)
			}
			n /= 10
		}
		fraction[0] = '.'
		b = append(b, fraction[:end]...)
	}
	return append(b, c.offset...)
}
