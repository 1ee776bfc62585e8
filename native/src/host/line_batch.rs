//! Which lines of a piece of a log are wanted, and what the piece held.

use rquickjs::{Ctx, IntoJs, Object, Value};

/// Which lines are wanted: objects whose `time` lies in the span and that hold each of these texts.
#[derive(Default)]
pub struct Wanted {
    from: String,
    until: String,
    texts: Vec<String>,
}

impl Wanted {
    pub fn read(told: &Object<'_>) -> rquickjs::Result<Wanted> {
        Ok(Wanted { from: told.get("from")?, until: told.get("until")?, texts: told.get("texts")? })
    }

    fn holds(&self, line: &str) -> bool {
        self.texts.iter().all(|text| line.contains(text.as_str())) && self.spans(line)
    }

    fn spans(&self, line: &str) -> bool {
        if self.from.is_empty() && self.until.is_empty() {
            return true;
        }
        let time = line.split_once("\"time\":\"").and_then(|(_, rest)| rest.split('"').next());
        time.is_none_or(|time| {
            time >= self.from.as_str() && (self.until.is_empty() || time < self.until.as_str())
        })
    }
}

/// What one reading gave.
#[derive(Default)]
pub struct Lines {
    /// Lines wanted, in the order read, and where each begins.
    pub lines: Vec<String>,
    pub starts: Vec<u64>,
    /// Where to go on.
    pub next: u64,
    /// Nothing more there, but for so many bytes of a line without an end.
    pub ended: bool,
    pub tail: u64,
    /// Lines that are no JSON objects, and where the first of them begins.
    pub foreign: u32,
    pub first_foreign: u64,
}

impl<'js> IntoJs<'js> for Lines {
    fn into_js(self, ctx: &Ctx<'js>) -> rquickjs::Result<Value<'js>> {
        let reply = Object::new(ctx.clone())?;
        let starts: Vec<f64> = self.starts.iter().map(|start| *start as f64).collect();
        reply.set("lines", self.lines)?;
        reply.set("starts", starts)?;
        reply.set("next", self.next as f64)?;
        reply.set("ended", self.ended)?;
        reply.set("tail", self.tail as f64)?;
        reply.set("foreign", self.foreign)?;
        reply.set("firstForeign", self.first_foreign as f64)?;
        Ok(reply.into_value())
    }
}

impl Lines {
    fn add(&mut self, bytes: &[u8], start: u64, wanted: &Wanted) {
        let is_object = bytes.first() == Some(&b'{') && bytes.last() == Some(&b'}');
        match str::from_utf8(bytes) {
            Ok(line) if is_object => {
                if wanted.holds(line) {
                    self.lines.push(line.to_owned());
                    self.starts.push(start);
                }
            }
            _ => self.add_foreign(start),
        }
    }

    /// Counts a line that is no record and begins there.
    pub fn add_foreign(&mut self, start: u64) {
        if self.foreign == 0 || start < self.first_foreign {
            self.first_foreign = start;
        }
        self.foreign += 1;
    }
}

/// The whole lines of these bytes, which begin at `start` of the file, and how many bytes they are.
pub fn cut(bytes: &[u8], start: u64, ended: bool, wanted: &Wanted) -> (Lines, usize) {
    let mut lines = Lines { ended, ..Lines::default() };
    let mut used = 0;
    let mut rest = bytes;
    while let Some(length) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, after) = rest.split_at(length);
        lines.add(line, start + used as u64, wanted);
        used += length + 1;
        rest = after.get(1..).unwrap_or_default();
    }
    if used == 0 && !ended {
        // No line that long is a record.
        lines.add_foreign(start);
        used = bytes.len();
    }
    lines.next = start + used as u64;
    lines.tail = if ended { (bytes.len() - used) as u64 } else { 0 };
    (lines, used)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_chosen_by_time_and_text() {
        let record =
            |time: &str, verdict: &str| format!("{{\"time\":\"{time}\",\"verdict\":\"{verdict}\"}}\n");
        let text = ["1", "2", "3"].map(|time| record(time, "deny")).concat() + &record("2", "allow");
        let count = |from: &str, until: &str, texts: &[&str]| {
            let texts = texts.iter().map(|&text| text.to_owned()).collect();
            let wanted = Wanted { from: from.to_owned(), until: until.to_owned(), texts };
            cut(text.as_bytes(), 0, true, &wanted).0.lines.len()
        };
        assert_eq!(count("2", "", &[]), 3);
        assert_eq!(count("2", "3", &[]), 2);
        assert_eq!(count("", "3", &["\"verdict\":\"deny\""]), 2);
        assert_eq!(count("2", "3", &["\"verdict\":\"deny\"", "\"time\":\"2\""]), 1);
    }
}
