package people

import "strings"

// Agent is the browser and the system that a User-Agent field stands for, in words;
// empty for what it does not know. It is a hint for whoever reads it, no more:
// anybody can send anything.
func Agent(field string) (browser, system string) { return browserName(field), systemName(field) }

// pair is a word in a User-Agent field and what it stands for; the first that is
// there counts, since most browsers name those that they descend from as well.
type pair struct{ word, name string }

func first(text string, pairs []pair) string {
	for _, p := range pairs {
		if strings.Contains(text, p.word) {
			return p.name
		}
	}
	return ""
}

func browserName(agent string) string {
	return first(agent, []pair{
		{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Vivaldi/", "Vivaldi"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"}, {"HeadlessChrome/", "Chrome"}, {"Chrome/", "Chrome"}, {"Chromium/", "Chromium"}, {"Safari/", "Safari"}, {"curl/", "curl"},
	})
}

func systemName(agent string) string {
	return first(agent, []pair{
		{"iPhone", "an iPhone"}, {"iPad", "an iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"}, {"Windows", "Windows"}, {"Macintosh", "a Mac"}, {"Linux", "Linux"},
	})
}
