//! Command lines as people type them.

use std::collections::BTreeSet;

use pretty_assertions::assert_eq;

use super::*;

fn parse_words(words: &[&str]) -> Result<Invocation, StartError> {
    parse(words.iter().map(OsString::from)).1
}

fn settings(words: &[&str]) -> Settings {
    match parse_words(words).unwrap() {
        Invocation::Serve(settings) => *settings,
        Invocation::Version | Invocation::VersionInDetail => panic!("version was asked for"),
    }
}

fn error(words: &[&str]) -> String {
    let error = parse_words(words).unwrap_err();
    assert_eq!(error.status, USAGE);
    error.text
}

#[test]
fn a_sandbox_is_on_or_off_and_told_of_with_the_version() {
    assert_eq!(settings(&[]).sandbox, Wish::Quiet);
    assert_eq!(settings(&["--sandbox"]).sandbox, Wish::Reported);
    assert_eq!(settings(&["--no-sandbox"]).sandbox, Wish::Off);
    let both = error(&["--no-sandbox", "--sandbox"]);
    assert_eq!(both, words::SANDBOX_ON_AND_OFF);
    for words in [["-V", "-v"], ["--verbose", "--version"]] {
        let asked = parse_words(&words);
        assert!(matches!(asked, Ok(Invocation::VersionInDetail)));
    }
}

#[test]
fn the_debian_script_is_understood() {
    let words = [
        "--listen",
        "--user",
        "tftp",
        "--address",
        ":69",
        "--secure",
        "/srv/tftp",
    ];
    let expected = Settings {
        running: Running::Background,
        user: "tftp".into(),
        address: Some(":69".into()),
        secure: true,
        directories: vec!["/srv/tftp".into()],
        ..Settings::default()
    };
    assert_eq!(settings(&words), expected);
}

#[test]
fn an_empty_command_line_means_inetd() {
    assert_eq!(settings(&[]), Settings::default());
    assert_eq!(settings(&["-z", "--help"]).running, Running::Inetd);
}

#[test]
fn the_foreground_wins_in_either_order() {
    assert_eq!(settings(&["-lL"]).running, Running::Foreground);
    assert_eq!(settings(&["-L", "-l"]).running, Running::Foreground);
}

#[test]
fn the_last_family_and_the_last_address_count() {
    assert_eq!(settings(&["-4", "-6"]).family, Family::Ipv6);
    assert_eq!(settings(&["-6", "-4"]).family, Family::Ipv4);
    assert_eq!(
        settings(&["-a", "x", "-a", ""]).address,
        Some(String::new())
    );
}

#[test]
fn verbosity_follows_the_order_of_words() {
    assert_eq!(settings(&["-vvv", "--verbosity", "0"]).verbosity, 0);
    assert_eq!(settings(&["--verbosity", "2", "-v"]).verbosity, 3);
    assert_eq!(settings(&["--verbosity", "junk"]).verbosity, 0);
    assert_eq!(settings(&["--verbosity=-1"]).verbosity, -1);
}

#[test]
fn the_version_is_printed_before_later_errors() {
    assert!(matches!(
        parse_words(&["-V", "-B", "1"]),
        Ok(Invocation::Version)
    ));
    assert!(parse_words(&["-B", "1", "-V"]).is_err());
}

#[test]
fn numbers_are_held_to_their_ranges() {
    assert_eq!(settings(&["-B", "512"]).limits.max_block, 512);
    assert_eq!(
        error(&["-B", "65465"]),
        "Bad maximum blocksize value (range 512-65464): 65465"
    );
    assert_eq!(
        error(&["-B1468x"]),
        "Bad maximum blocksize value (range 512-65464): 1468x"
    );
    assert_eq!(
        settings(&["-T", "10000"]).limits.interval,
        Duration::from_millis(10)
    );
    assert_eq!(error(&["-T", "9999"]), "Bad timeout value: 9999");
    assert_eq!(settings(&[]).limits.max_window, 64);
    assert_eq!(settings(&["--windowsize-max", "1"]).limits.max_window, 1);
    for window in ["0", "1025", "x"] {
        assert_eq!(
            error(&["--windowsize-max", window]),
            format!("Bad maximum windowsize value (range 1-1024): {window}")
        );
    }
}

#[test]
fn transfers_can_be_limited_to_one_at_least() {
    assert_eq!(settings(&[]).max_transfers, None);
    let both = settings(&["--max-transfers", "7", "--max-transfers-per-client=1"]);
    let limits = (both.max_transfers, both.max_transfers_per_client);
    assert_eq!(limits, (Some(7), Some(1)));
    for number in ["0", "16385", "many", "-1x", ""] {
        for flag in ["--max-transfers", "--max-transfers-per-client"] {
            assert_eq!(
                error(&[flag, number]),
                format!("Bad number of transfers (range 1-16384): {number}")
            );
        }
    }
    assert_eq!(
        error(&["--max-transfers-per-client", "8", "--max-transfers", "7"]),
        "--max-transfers-per-client 8 is more than --max-transfers 7"
    );
}

#[test]
fn a_stop_may_take_a_day_at_the_most() {
    let timeout = |words: &[&str]| settings(words).stop_timeout.as_secs();
    assert_eq!(timeout(&[]), 300);
    assert_eq!(timeout(&["--stop-timeout", "0"]), 0);
    assert_eq!(timeout(&["--stop-timeout=86400"]), 86_400);
    for value in ["", "-1", "86401", "5m"] {
        let text = format!("Bad stop timeout (range 0-86400): {value}");
        assert_eq!(error(&["--stop-timeout", value]), text);
    }
}

#[test]
fn rules_are_looked_at_once_at_least() {
    assert_eq!(settings(&["--map-steps", "1"]).map_steps, 1);
    for number in ["0", "1000001", "x", ""] {
        let refused = error(&["--map-steps", number]);
        assert_eq!(refused, words::bad_map_steps(OsStr::new(number)));
    }
}

#[test]
fn the_transfer_log_is_a_file() {
    let log = settings(&["--log-json", "-"]).transfer_log;
    assert_eq!(log, Some("-".into()));
}

#[test]
fn port_ranges_are_read_as_the_original_does() {
    assert_eq!(settings(&["-R", "5000:5010x"]).ports, Some(5000..=5010));
    assert_eq!(settings(&["-R", "0:10"]).ports, None);
    for range in ["5010:5000", "1:65535", "5000", "x:1", "5000:"] {
        assert_eq!(error(&["-R", range]), format!("Bad port range: {range}"));
    }
}

#[test]
fn umasks_are_octal() {
    assert_eq!(settings(&["-U", "022"]).umask, Some(0o022));
    assert_eq!(settings(&["-U", ""]).umask, Some(0));
    assert_eq!(error(&["-U", "09"]), "Invalid umask: 09");
}

#[test]
fn refused_options_are_known_and_named_once() {
    assert_eq!(
        settings(&["-r", "BLKSIZE", "-rtsize"]).limits.refused,
        [Known::Blksize, Known::Tsize]
    );
    assert_eq!(
        settings(&["-r", "WindowSize"]).limits.refused,
        [Known::Windowsize]
    );
    assert_eq!(error(&["-r", "multicast"]), "Unknown option: multicast");
    assert_eq!(
        error(&["-r", "tsize", "-r", "tsize"]),
        "Unknown option: tsize"
    );
}

#[test]
fn one_map_file_is_the_most() {
    assert_eq!(error(&["-m", "a", "-m", "b"]), "Multiple -m options");
}

#[test]
fn every_flag_has_a_letter_or_a_name_of_its_own() {
    for (index, flag) in FLAGS.iter().enumerate() {
        let others = || FLAGS.iter().skip(index + 1);
        assert!(others().all(|other| other.long != flag.long));
        assert!(flag.short.is_none() || others().all(|other| other.short != flag.short));
    }
}

#[test]
fn the_manual_page_has_every_flag_and_no_other() {
    let page = include_str!("../../../man/rtftpd.8");
    let items = page.lines().filter_map(|line| line.strip_prefix(".It Fl "));
    let is_flag = |word: &&str| word.len() == 1 || word.starts_with('-');
    let documented: BTreeSet<_> = items
        .flat_map(|item| item.split(" Ar ").next().unwrap().split([' ', ',']))
        .filter(is_flag)
        .map(str::to_owned)
        .collect();
    let letters = FLAGS.iter().filter_map(|flag| flag.short).map(String::from);
    let names = FLAGS.iter().map(|flag| format!("-{}", flag.long));
    assert_eq!(documented, letters.chain(names).collect());
}
