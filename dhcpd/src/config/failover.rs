//! Failover: declarations of peers are read and checked; serving them is later work.

use common::diag::{Diagnostics, Severity};
use common::syntax::{Kind, Place, Token};

use super::builder::{Context, Enclosing};
use super::model::{Config, Peer};
use super::parser::{Parsed, Parser};
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
    "port",
];

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
        if !self.accept(';') {
            return self.peer_declaration(name, place);
        }
        let Some(network) = context.network else {
            return self.fail(words::FAILOVER_REFERENCE);
        };
        if !self.is_peer(&name) {
            return self.fail(words::no_peer(&name));
        }
        self.build.peers_of_networks.insert(network.0);
        Ok(())
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
        let name = self.peer_name()?;
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

    fn peer_declaration(&mut self, name: String, place: Place) -> Parsed<()> {
        let already = self.is_peer(&name);
        self.expect_left_brace()?;
        let mut peer = Peer {
            name: name.into(),
            ..Peer::default()
        };
        self.peer_body(&mut peer)?;
        self.check_peer(&peer);
        if already {
            return self.fail(words::peer_exists(&peer.name));
        }
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
            if token.kind == Kind::End {
                return self.fail(words::END_OF_FILE);
            }
            if let Err(failure) = self.peer_item(&token, peer) {
                self.skip_blocks(1);
                return Err(failure);
            }
        }
    }

    fn peer_item(&mut self, token: &Token, peer: &mut Peer) -> Parsed<()> {
        let word = self.text(token).to_ascii_lowercase();
        match word.as_str() {
            "primary" => peer.is_secondary = false,
            "secondary" => peer.is_secondary = true,
            "peer" => self.other_peer(peer)?,
            "address" => {
                self.address_or_name()?;
            }
            "mclt" => {
                self.peer_number()?;
                peer.has_mclt = true;
            }
            "hba" => {
                self.octets(Some(BUCKET_BYTES), ':', 16)?;
                peer.has_balance = true;
            }
            "split" => self.split(peer)?,
            "load" => self.load_balance(peer)?,
            number if NUMBERS.contains(&number) => {
                self.peer_number()?;
            }
            _ => {
                self.error(words::PEER_STATEMENT);
                self.skip_statement();
                return Ok(());
            }
        }
        self.expect_semicolon()
    }

    fn other_peer(&mut self, peer: &mut Peer) -> Parsed<()> {
        let token = self.take();
        if self.is_word(&token, "address") {
            peer.has_peer_address = true;
            return self.address_or_name().map(|_| ());
        }
        if self.is_word(&token, "port") {
            return self.peer_number().map(|_| ());
        }
        self.fail_and_skip(words::PEER_STATEMENT)
    }

    fn peer_number(&mut self) -> Parsed<u32> {
        let token = self.take();
        if token.kind != Kind::Number {
            return self.fail_behind(&token, words::NUMBER);
        }
        Ok(self.number(&token, 0, 32))
    }

    fn split(&mut self, peer: &mut Peer) -> Parsed<()> {
        let buckets = self.peer_number()?;
        if buckets > MOST_BUCKETS {
            self.error(words::SPLIT);
        } else {
            peer.has_balance = true;
        }
        Ok(())
    }

    fn load_balance(&mut self, peer: &mut Peer) -> Parsed<()> {
        for (word, text) in ["balance", "max", "seconds"]
            .iter()
            .zip(words::LOAD_BALANCE)
        {
            let token = self.take();
            if !self.is_word(&token, word) {
                return self.fail_and_skip(text);
            }
        }
        peer.balance_seconds = self.peer_number()?;
        Ok(())
    }

    fn check_peer(&mut self, peer: &Peer) {
        if !peer.has_peer_address {
            self.error(words::PEER_ADDRESS);
        }
        if peer.is_secondary {
            if peer.has_balance {
                self.error(words::SECONDARY_BALANCE);
            }
            return;
        }
        if !peer.has_balance {
            self.error(words::PRIMARY_BALANCE);
        } else if !peer.has_mclt {
            self.error(words::PRIMARY_MCLT);
        }
    }
}

/// Looks at the peers as the original does right before it would serve: every peer must be used by a pool. What is found
/// goes to `diagnostics`.
///
/// # Errors
/// When a peer is not used.
pub fn check_peers(config: &Config, diagnostics: &mut Diagnostics) -> Result<(), Refusal> {
    for peer in &config.peers {
        if !peer.is_used {
            diagnostics.line(Severity::Error, words::peer_unused(&peer.name));
        }
        if peer.balance_seconds == 0 {
            diagnostics.line(Severity::Warning, words::peer_unbalanced(&peer.name));
        }
    }
    if config.peers.iter().all(|peer| peer.is_used) {
        return Ok(());
    }
    diagnostics.line(Severity::Error, words::FAILOVER_INSANE);
    Err(Refusal::Fatal)
}
