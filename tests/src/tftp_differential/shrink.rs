//! Making a scenario as small as it can be without losing what it shows.

/// Most lines that are taken out at once.
const LARGEST_PIECE: usize = 32;

/// Takes out lines and words as long as `shows` holds for what is left.
pub(super) fn shrink(text: &str, mut shows: impl FnMut(&str) -> bool) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut size = LARGEST_PIECE;
    while size > 0 {
        lines = in_fewer_lines(lines, size, &mut shows);
        size /= 2;
    }
    for at in 0..lines.len() {
        lines = in_fewer_words(lines, at, &mut shows);
    }
    join(&lines)
}

/// Tries once to do without each piece of `size` lines, from the end.
fn in_fewer_lines(
    mut lines: Vec<String>,
    size: usize,
    shows: &mut impl FnMut(&str) -> bool,
) -> Vec<String> {
    let mut end = lines.len();
    while end > 0 {
        let begin = end.saturating_sub(size);
        let stays = |(at, line): &(usize, &String)| {
            !(begin..end).contains(at) || line.starts_with("serve ")
        };
        let fewer: Vec<String> = lines
            .iter()
            .enumerate()
            .filter(stays)
            .map(|(_, line)| line.clone())
            .collect();
        if fewer.len() < lines.len() && shows(&join(&fewer)) {
            lines = fewer;
        }
        end = begin;
    }
    lines
}

/// Tries once to do without each word of a line, and without each rule of a map.
fn in_fewer_words(
    mut lines: Vec<String>,
    at: usize,
    shows: &mut impl FnMut(&str) -> bool,
) -> Vec<String> {
    let line = lines.get(at).cloned().unwrap_or_default();
    let parting = if line.starts_with("> map ") {
        " ⏎ "
    } else {
        " "
    };
    let mut words: Vec<&str> = line.split(parting).collect();
    for place in (1..words.len()).rev() {
        let mut fewer = words.clone();
        fewer.remove(place);
        let mut shorter = lines.clone();
        shorter.splice(at..=at, [fewer.join(parting)]);
        if shows(&join(&shorter)) {
            (words, lines) = (fewer, shorter);
        }
    }
    lines
}

fn join(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_matters_is_left() {
        let text = "# About.\nserve -v -c -s x\nfile a\nfile b\n\n> rrq a\n\n> wrq b tsize=0 blksize=8\n\n> ack 0\n";
        let left = shrink(text, |text| {
            text.contains("serve ")
                && text.contains("-c")
                && text.contains("wrq b ")
                && text.contains("blksize")
        });
        assert_eq!(left, "serve -c\n> wrq b blksize=8\n");
    }
}
