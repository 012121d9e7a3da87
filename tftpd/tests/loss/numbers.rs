//! Random numbers from a seed, and the numbers of blocks.

/// SplitMix64.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    /// True in so many of a hundred cases.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}

/// How blocks are numbered: from 1 to 65535, then from the rollover to 65535 for ever.
#[derive(Clone, Copy)]
pub struct Numbers {
    pub rollover: u16,
}

impl Numbers {
    /// The number of the `index`th block, counted from 1; 0 is what acknowledges the request.
    pub fn of(self, index: u64) -> u16 {
        let rollover = u64::from(self.rollover);
        let number = match index.checked_sub(65_536) {
            None => index,
            Some(beyond) => rollover + beyond % (65_536 - rollover),
        };
        u16::try_from(number).unwrap()
    }
}
