//! Failover: declarations of peers are read and checked; serving them is later work.

use common::diag::{Diagnostics, Severity};
use common::syntax::{Kind, Place, Token};

use super::builder::{Context, Enclosing};
use super::model::{Config, Peer};
use super::numbers::leading_decimal;
use super::parser::{Failure, Parsed, Parser};
use super::statement::After;
use super::{Refusal, words};

/// Bytes of `hba`.
const BUCKET_BYTES: usize = 32;
/// Most buckets that `split` can give to the primary.
const MOST_BUCKETS: u32 = 256;

/// Settings of a number that need no check.
const NUMBERS: &[&str] = &[
    "max-response-delay",
    "max-unacked-updates",
    "auto-partner-down",
    "max-lease-misbalance",
    "max-lease-ownership",
    "min-balance",
    "max-balance",
];

/// States of a pair, as the lease file names them.
const STATES: &[&str] = &[
    "unknown-state",
    "partner-down",
    "normal",
    "communications-interrupted",
    "conflict-done",
    "resolution-interrupted",
    "potential-conflict",
    "recover",
    "recover-wait",
    "recover-done",
    "shutdown",
    "paused",
    "startup",
];

/// Whose address or port a setting is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    This,
    Other,
}

impl Parser<'_> {
    /// `failover peer "NAME" { … }` or, in a shared network, `failover peer "NAME";`
    pub(super) fn failover(&mut self, context: Context) -> After {
        match context.enclosing {
            Enclosing::Root | Enclosing::Network => {
                // Whatever fails has been reported.
                let _ = self.failover_here(context);
            }
            _ => {
                // The keyword belongs to what is shown.
                self.peek();
                self.error(words::FAILOVER_NOT_HERE);
                self.remark(Severity::Error, words::FAILOVER_SCOPES);
                self.skip_statement();
            }
        }
        After::AsBefore
    }

    fn failover_here(&mut self, context: Context) -> Parsed<()> {
        let place = self.place();
        self.take();
        let name = self.peer_name()?;
        let token = self.take();
        if token.is(';') {
            return self.network_reference(&name, context);
        }
        if self.is_word(&token, "state") {
            return self.peer_state(&name);
        }
        if !token.is('{') {
            // What follows is read as the block all the same.
            self.error(words::PEER_BRACE);
            self.skip_statement();
        }
        self.peer_declaration(name, place)
    }

    /// `failover peer "NAME";` counts in a shared network.
    fn network_reference(&mut self, name: &str, context: Context) -> Parsed<()> {
        let network = match context.enclosing {
            Enclosing::Network => context.network,
            _ => None,
        };
        let Some(network) = network else {
            return self.fail(words::FAILOVER_REFERENCE);
        };
        if !self.is_peer(name) {
            return self.fail(words::unknown_peer(name));
        }
        self.build.peers_of_networks.insert(network.0);
        Ok(())
    }

    /// `failover peer "NAME" state { … }` belongs into the lease file; here it is only checked.
    fn peer_state(&mut self, name: &str) -> Parsed<()> {
        if !self.is_peer(name) {
            return self.fail(words::state_of_unknown_peer(name));
        }
        let token = self.take();
        if !token.is('{') {
            return self.fail_behind(&token, words::PEER_BRACE);
        }
        loop {
            let token = self.take();
            if token.is('}') {
                return Ok(());
            }
            if let Err(failure) = self.state_setting(&token) {
                self.skip_blocks(1);
                return Err(failure);
            }
        }
    }

    fn state_setting(&mut self, token: &Token) -> Parsed<()> {
        match self.text(token).to_ascii_lowercase().as_str() {
            "my" | "partner" => {
                let token = self.take();
                if !self.is_word(&token, "state") {
                    return self.fail(words::STATE_WORD);
                }
                // Whatever is wrong with it has been reported, and the next setting is read.
                let _ = self.state_and_date();
            }
            "mclt" => {
                let token = self.take();
                if token.kind != Kind::Number {
                    return self.fail(words::STATE_NUMBER);
                }
                // A missing semicolon has been reported.
                let _ = self.expect_semicolon();
            }
            _ => return self.fail(words::STATE_SETTING),
        }
        Ok(())
    }

    fn state_and_date(&mut self) -> Parsed<()> {
        let token = self.take();
        let mut states = STATES.iter();
        if !states.any(|state| self.is_word(&token, state)) {
            return self.fail_and_skip(words::STATE_UNKNOWN);
        }
        let token = self.take();
        if token.is(';') {
            return Ok(());
        }
        if !self.is_word(&token, "at") {
            return self.fail_and_skip(words::STATE_AT);
        }
        self.date()?;
        self.expect_semicolon()
    }

    fn peer_name(&mut self) -> Parsed<String> {
        let token = self.take();
        if !self.is_word(&token, "peer") {
            return self.fail_and_skip(words::FAILOVER_PEER);
        }
        let token = self.take();
        if !token.is_identifier() && token.kind != Kind::String {
            return self.fail_and_skip(words::FAILOVER_PEER_NAME);
        }
        Ok(self.text(&token))
    }

    /// `failover peer "NAME";` of a pool, its keyword taken. `None` for a peer that does not exist.
    pub(super) fn failover_reference(&mut self, place: Place) -> Parsed<Option<String>> {
        let token = self.take();
        if !self.is_word(&token, "peer") {
            return self.fail_and_skip(words::POOL_PEER);
        }
        let token = self.take();
        if token.kind != Kind::String {
            return self.fail_and_skip(words::POOL_PEER_NAME);
        }
        let name = self.text(&token);
        let is_known = self.is_peer(&name);
        if !is_known {
            self.error(words::no_peer(&name));
        }
        self.expect_semicolon()?;
        self.note_not_served(place, words::not_served("failover"));
        Ok(is_known.then_some(name))
    }

    fn is_peer(&self, name: &str) -> bool {
        self.build
            .config
            .peers
            .iter()
            .any(|peer| *peer.name == *name)
    }

    pub(super) fn refer_to_peer(&mut self, name: &str) {
        let mut peers = self.build.config.peers.iter_mut();
        if let Some(peer) = peers.find(|peer| *peer.name == *name) {
            peer.is_used = true;
        }
    }

    /// The block of a peer behind its brace.
    fn peer_declaration(&mut self, name: String, place: Place) -> Parsed<()> {
        if self.is_peer(&name) {
            self.error(words::peer_declared_again(&name));
            self.skip_blocks(1);
            return Err(Failure::Reported);
        }
        let mut peer = Peer {
            name: name.into(),
            ..Peer::default()
        };
        if let Err(failure) = self.peer_body(&mut peer) {
            self.skip_blocks(1);
            return Err(failure);
        }
        self.check_peer(&peer);
        self.build.config.peers.push(peer);
        self.note_not_served(place, words::not_served("failover"));
        Ok(())
    }

    fn peer_body(&mut self, peer: &mut Peer) -> Parsed<()> {
        loop {
            let token = self.take();
            if token.is('}') {
                return Ok(());
            }
            self.peer_item(&token, peer, Side::This)?;
            self.expect_semicolon()?;
        }
    }

    fn peer_item(&mut self, token: &Token, peer: &mut Peer, side: Side) -> Parsed<()> {
        let word = self.text(token).to_ascii_lowercase();
        match word.as_str() {
            "primary" => peer.is_secondary = false,
            "secondary" => {
                peer.is_secondary = true;
                self.check_balance(peer, peer.has_balance);
            }
            "peer" => {
                let token = self.take();
                return self.peer_item(&token, peer, Side::Other);
            }
            "address" => {
                self.address_or_name()?;
                peer.has_peer_address |= side == Side::Other;
            }
            "port" => self.peer_port(),
            "mclt" => peer.has_mclt = self.peer_number(words::NUMBER)? != 0,
            "hba" => {
                self.check_balance(peer, true);
                self.octets(BUCKET_BYTES, ':', 16)?;
                peer.has_balance = true;
            }
            "split" => self.split(peer)?,
            "load" => self.load_balance(peer),
            number if NUMBERS.contains(&number) => {
                self.peer_number(words::NUMBER)?;
            }
            _ => return self.fail(words::PEER_STATEMENT),
        }
        Ok(())
    }

    /// The secondary takes the balance from the primary.
    fn check_balance(&mut self, peer: &Peer, says_balance: bool) {
        if peer.is_secondary && says_balance {
            self.error(words::SECONDARY_BALANCE);
        }
    }

    /// Behind a port that is no number the block is skipped, and then its semicolon missed.
    fn peer_port(&mut self) {
        if self.peer_number(words::PREFIX_NUMBER).is_err() {
            self.skip_blocks(1);
        }
    }

    fn peer_number(&mut self, missing: &str) -> Parsed<i32> {
        let token = self.take();
        if token.kind != Kind::Number {
            return self.fail(missing);
        }
        Ok(leading_decimal(self.cursor.text_of(&token)))
    }

    fn split(&mut self, peer: &mut Peer) -> Parsed<()> {
        let token = self.peek();
        self.take();
        self.check_balance(peer, true);
        if token.kind != Kind::Number {
            return self.fail(words::PREFIX_NUMBER);
        }
        let buckets = leading_decimal(self.cursor.text_of(&token));
        if u32::try_from(buckets).is_ok_and(|buckets| buckets <= MOST_BUCKETS) {
            peer.has_balance = true;
        } else {
            self.error(words::SPLIT);
        }
        Ok(())
    }

    /// Behind an error the block is skipped, and then its semicolon missed.
    fn load_balance(&mut self, peer: &mut Peer) {
        match self.balance_seconds() {
            Ok(seconds) => peer.balances_load = seconds != 0,
            Err(_) => self.skip_blocks(1),
        }
    }

    fn balance_seconds(&mut self) -> Parsed<i32> {
        for (word, text) in ["balance", "max", "seconds"]
            .iter()
            .zip(words::LOAD_BALANCE)
        {
            let token = self.take();
            if !self.is_word(&token, word) {
                return self.fail(text);
            }
        }
        self.peer_number(words::PREFIX_NUMBER)
    }

    fn check_peer(&mut self, peer: &Peer) {
        if !peer.has_peer_address {
            self.error(words::PEER_ADDRESS);
        }
        if peer.is_secondary {
            return;
        }
        if !peer.has_balance {
            self.error(words::PRIMARY_BALANCE);
        } else if !peer.has_mclt {
            self.error(words::PRIMARY_MCLT);
        }
    }
}

/// Looks at the peers as the original does right before it would serve, the last declared first: every peer must be used by a
/// pool. What is found goes to `diagnostics`.
///
/// # Errors
/// When a peer is not used.
pub fn check_peers(config: &Config, diagnostics: &mut Diagnostics) -> Result<(), Refusal> {
    for peer in config.peers.iter().rev() {
        if !peer.is_used {
            diagnostics.line(Severity::Error, words::peer_unused(&peer.name));
        }
        if !peer.balances_load {
            diagnostics.line(Severity::Warning, words::peer_unbalanced(&peer.name));
        }
    }
    if config.peers.iter().all(|peer| peer.is_used) {
        return Ok(());
    }
    diagnostics.line(Severity::Error, words::FAILOVER_INSANE);
    Err(Refusal::Fatal)
}
