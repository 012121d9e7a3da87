//! Making a scenario as small as it can be without losing what it shows.

/// What stays in every configuration: without it each offer takes its time.
const KEPT: &str = "ping-check false;";

/// Takes out steps, blocks and statements as long as `shows` holds for what is left.
pub fn shrink(text: &str, mut shows: impl FnMut(&str) -> bool) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut size = lines.len() / 2;
    loop {
        let smaller = pass(&lines, size.max(1), &mut shows);
        let shrunk = smaller.len() < lines.len();
        lines = smaller;
        if size <= 1 && !shrunk {
            return join(&lines);
        }
        size /= 2;
    }
}

/// Tries once to do without each piece of `size` steps, and without each statement and block.
fn pass(lines: &[String], size: usize, shows: &mut impl FnMut(&str) -> bool) -> Vec<String> {
    let mut kept = lines.to_vec();
    let mut at = kept.len();
    while at > 0 {
        at = at.saturating_sub(1);
        let Some(end) = end_of_piece(&kept, at, size) else {
            continue;
        };
        let mut fewer = kept.clone();
        fewer.drain(at..end);
        if shows(&join(&fewer)) {
            kept = fewer;
        } else if size > 1 {
            at = at.saturating_sub(size - 1);
        }
    }
    kept
}

/// Where the piece that begins at `at` ends: so many steps or statements, or a whole block; `None` if none begins there.
fn end_of_piece(lines: &[String], at: usize, size: usize) -> Option<usize> {
    let line = lines.get(at)?;
    if line.starts_with("> ") {
        let end = (at + size).min(lines.len());
        return Some(end);
    }
    let statement = line.strip_prefix("  ")?;
    if statement.trim_start() == "}" || statement == KEPT {
        return None;
    }
    if !line.ends_with('{') {
        return Some(at + 1);
    }
    let indent = line.len() - line.trim_start().len();
    let closes = |line: &&String| line.trim_start() == "}" && line.len() == indent + 1;
    let length = lines.iter().skip(at).position(|line| closes(&line))?;
    Some(at + length + 1)
}

fn join(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_matters_is_left() {
        let text = "config\n  a;\n  subnet {\n    b;\n    if x {\n      c;\n    }\n  }\nend\n\n> 1\n> 2\n> 3\n> 4\n";
        let left = shrink(text, |text| text.contains("b;") && text.contains("> 3"));
        assert_eq!(left, "config\n  subnet {\n    b;\n  }\nend\n\n> 3\n");
    }
}
