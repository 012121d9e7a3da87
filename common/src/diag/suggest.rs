//! What somebody may have meant by a word that is not known.

/// The candidate that is nearest to `word`, if one is near enough: a third of its letters may be wrong.
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    let most = (word.len() / 3).clamp(1, 3);
    let near = candidates.filter(|candidate| candidate.len().abs_diff(word.len()) <= most);
    let rated = near.map(|candidate| (distance(&word, candidate), candidate));
    let best = rated.min_by_key(|rated| rated.0)?;
    (best.0 <= most).then_some(best.1)
}

/// How many letters must be put in, taken out or changed, or exchanged with their neighbour, to make one of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<u8> = other.bytes().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    let mut last = None;
    for (row, letter) in one.bytes().enumerate() {
        let mut current = vec![row + 1];
        for (column, wanted) in other.iter().enumerate() {
            let at =
                |row: &Vec<usize>, index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
            let changed = at(&above, column) + usize::from(letter != *wanted);
            let mut cost = changed
                .min(at(&above, column + 1) + 1)
                .min(at(&current, column) + 1);
            let previous = column
                .checked_sub(1)
                .filter(|index| last == Some(*wanted) && other.get(*index) == Some(&letter));
            if let Some(index) = previous {
                cost = cost.min(at(&before, index) + 1);
            }
            current.push(cost);
        }
        last = Some(letter);
        before = std::mem::replace(&mut above, current);
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [&str; 4] = ["routers", "domain-name", "domain-name-servers", "filename"];

    #[test]
    fn the_nearest_word_is_found_if_it_is_near() {
        let find = |word| nearest(word, WORDS.into_iter());
        assert_eq!(find("router"), Some("routers"));
        assert_eq!(find("Domain-Nmae"), Some("domain-name"));
        assert_eq!(find("domain-name-server"), Some("domain-name-servers"));
        assert_eq!(find("fielname"), Some("filename"));
        assert_eq!(find("netmask"), None);
    }
}
