//! The configuration as an operator meets it: defaults, overrides, and all faults at once with their lines.

use sluis::config::{Config, ConfigFault, LogFormat, Order, REFERENCE, Transport, load, parse};
use sluis::ledger::Location;
use sluis::rules::UnknownQuestion;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn read(text: &str) -> Result<Config, Vec<ConfigFault>> {
    parse(Path::new("/etc/sluis/sluis.toml"), text, &env(&[]))
}

/// Compares the faults of a text with (line, key, part of what is wrong or to do).
fn faults(text: &str, expected: &[(Option<u32>, &str, &str)]) {
    let found = read(text).expect_err("faults were expected");
    let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), expected.len(), "{shown:#?}");
    for (fault, (line, key, part)) in found.iter().zip(expected) {
        assert_eq!((fault.line, fault.key.as_str()), (*line, *key), "{shown:#?}");
        assert!(fault.to_string().contains(part), "{fault} does not say {part}");
        assert!(!fault.todo.is_empty(), "{fault} gives no advice");
    }
}

#[test]
fn the_reference_file_is_the_defaults() {
    let reference = read(REFERENCE).expect("the reference has no faults");
    assert_eq!(reference, read("").expect("an empty file is a configuration"));
}

#[test]
fn the_reference_file_names_every_key_also_those_without_default() {
    // Take the comment signs off the lines that look like settings: the result must still be a configuration.
    let setting = |line: &str| {
        let bare = line.strip_prefix("# ")?;
        let key = bare.split(" = ").next()?;
        let is_key = bare.contains(" = ") && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        (is_key || bare.starts_with('[')).then(|| bare.to_owned())
    };
    let mut full: Vec<String> =
        REFERENCE.lines().map(|line| setting(line).unwrap_or_else(|| line.to_owned())).collect();
    // A ledger is in a file or on a server.
    full.retain(|line| line != "path = \"ledger.sqlite\"");
    let config = read(&full.join("\n")).expect("the examples in the reference are valid");
    let amqp = config.amqp.expect("an address");
    assert_eq!(amqp.tls.files().count(), 3);
    assert_eq!(config.ledger.tls.files().count(), 3);
    assert!(matches!(config.ledger.location, Location::Server(_)));
    assert_eq!(config.back_offices["0197"].tls.files().count(), 3);
    assert_eq!(config.regions, [PathBuf::from("/etc/sluis/regions/achterhoek")]);
    assert_eq!(config.policy.len(), 2);
}

#[test]
fn the_example_is_a_configuration_with_a_waiting_room() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let broker = env(&[("SLUIS_AMQP_URL", "amqps://gateway:secret@broker.example:5671/%2f")]);
    let config = load(&folder.join("example.toml"), &broker).expect("the example has no faults");
    assert_eq!(config.waiting_room.longest, Some(Duration::from_mins(10)));
    assert_eq!(config.intake.len(), 1);
    assert!(config.regions[0].join("region.toml").exists(), "{:?}", config.regions);
    assert_eq!(read("").expect("an empty file is a configuration").waiting_room.longest, None, "off by default");
    let too_long = "[waiting_room]\nlongest = \"4d\"\n";
    faults(too_long, &[(Some(2), "waiting_room.longest", "three working days")]);
}

#[test]
fn a_gateway_is_not_taken_for_gone_for_one_lost_sign_of_life() {
    let set = read("[gateway]\nheartbeat = \"2s\"\nlapse = \"6s\"\n").expect("a third is enough").gateway;
    assert_eq!((set.heartbeat, set.lapse), (Duration::from_secs(2), Duration::from_secs(6)));
    let hasty = "[gateway]\nheartbeat = \"5s\"\n";
    faults(hasty, &[(Some(2), "gateway.heartbeat", "one lost sign of life")]);
    faults("[gateway]\nlapse = \"11m\"\n", &[(Some(2), "gateway.lapse", "use 1s to 10m")]);
}

#[test]
fn an_address_names_its_host() {
    // To a parser of addresses the first is a broker on this machine, and the second a host called `host`.
    faults("[amqp]\nurl = \"amqp:/u:geheim@host\"\n", &[(Some(2), "amqp.url", "not an AMQP address")]);
    let office = "[[back_office]]\ngemeente = \"0197\"\nurl = \"https:/host/in\"\n";
    faults(office, &[(Some(3), "back_office[1].url", "not a web address")]);
}

#[test]
fn a_ledger_is_in_a_file_or_on_a_server() {
    let url = "url = \"postgres://u:geheim@localhost/db\"\n";
    let both = format!("[ledger]\npath = \"x\"\n{url}");
    faults(&both, &[(Some(2), "ledger.path", "on a server already")]);
    let without = "[ledger]\nschema = \"x\"\nca_file = \"ca.pem\"\n";
    let expected = "it stands without url";
    faults(without, &[(Some(2), "ledger.schema", expected), (Some(3), "ledger.ca_file", expected)]);
    faults(&format!("[ledger]\n{url}schema = \"X\"\n"), &[(Some(3), "ledger.schema", "no name that can be used")]);
    let plain = "[ledger]\nurl = \"postgres://u:geheim@db.example/db?sslmode=disable\"\n";
    faults(plain, &[(Some(2), "ledger.url", "plain text")]);
    let config = read(&format!("[ledger]\n{url}")).expect("an address and a schema by default");
    assert_eq!(config.ledger.location.to_string(), "postgres://localhost:5432/db, schema sluis");
    let shown = config.show();
    assert!(shown.contains("url = \"postgres://***@localhost/db\"") && !shown.contains("geheim"), "{shown}");
    assert!(!shown.contains("path = \"/etc/sluis/ledger"), "{shown}");
}

#[test]
fn a_back_office_may_demand_its_order() {
    let office = "[[back_office]]\ngemeente = \"0197\"\nurl = \"https://host/in\"\n";
    let config = read(office).expect("no faults");
    assert_eq!((config.delivery.order, config.back_offices["0197"].order), (Order::Skip, None));
    assert_eq!(config.back_offices["0197"].in_flight, 1, "in order unless somebody says otherwise");
    let config = read(&format!("{office}order = \"strict\"\nin_flight = 8\n")).expect("no faults");
    assert_eq!((config.back_offices["0197"].order, config.back_offices["0197"].in_flight), (Some(Order::Strict), 8));
    let text = format!("[delivery]\norder = \"loose\"\nbreaker_after = 0\n{office}in_flight = 65\n");
    faults(
        &text,
        &[
            (Some(2), "delivery.order", "\"strict\" or \"skip\""),
            (Some(3), "delivery.breaker_after", "from 1 to 1000"),
            (Some(7), "back_office[1].in_flight", "from 1 to 64"),
        ],
    );
}

#[test]
fn all_faults_are_reported_at_once_with_their_lines() {
    let text = "[directory]\npoll = \"5 sec\"\nrot = \"spool\"\n\n[intake]\ntransports = [\"amqp\"]\n";
    faults(
        text,
        &[
            (Some(2), "directory.poll", "\"500ms\""),
            (Some(3), "directory.rot", "perhaps \"root\" is meant"),
            (Some(6), "intake.transports", "SLUIS_AMQP_URL"),
        ],
    );
}

#[test]
fn sections_and_shapes_that_do_not_exist_are_named() {
    faults(
        "delivery = 3\n[legder]\npath = \"x\"\n[back_office]\ngemeente = \"0197\"\n",
        &[
            (Some(1), "delivery", "[delivery]"),
            (Some(2), "legder", "perhaps \"ledger\" is meant"),
            (Some(4), "back_office", "[[back_office]]"),
        ],
    );
    faults("[log\nlevel = 1", &[(Some(1), "", "not TOML")]);
    faults("[log]\nlevel = 1\nlevel = 2", &[(Some(3), "", "not TOML")]);
}

#[test]
fn a_log_filter_names_levels() {
    for level in ["info", "warn,sluis::delivery=debug", "off"] {
        assert!(read(&format!("[log]\nlevel = \"{level}\"\n")).is_ok(), "{level}");
    }
    for level in ["loud", "info,sluis", "sluis=loud", ""] {
        faults(&format!("[log]\nlevel = \"{level}\"\n"), &[(Some(2), "log.level", "not a level")]);
    }
}

#[test]
fn fields_are_checked_against_each_other() {
    faults(
        "[delivery]\ndefault = \"amqp\"\nfirst_retry = \"10m\"\nmax_retry = \"1m\"\n",
        &[(Some(2), "delivery.default", "no address"), (Some(3), "delivery.first_retry", "longer than the longest")],
    );
    faults(
        "[amqp]\nurl = \"amqp://localhost\"\nqueue = \"q\"\nparked_queue = \"q\"\nclient_key_file = \"k\"\n",
        &[
            (Some(2), "amqp.url", "amqps://"),
            (Some(4), "amqp.parked_queue", "a queue of their own"),
            (Some(5), "amqp.client_key_file", "without client_cert_file"),
        ],
    );
    faults("[ledger]\npath = \"a\"\nkey_file = \"a\"\n", &[(Some(3), "ledger.key_file", "another file")]);
}

#[test]
fn queues_and_what_the_broker_is_asked_for() {
    let amqp = |more: &str| read(&format!("[amqp]\nurl = \"amqp://localhost\"\n{more}")).expect("it is right");
    let queues = |more: &str| amqp(more).amqp.expect("an address").queues;
    assert_eq!(queues(""), ["sluis.in"]);
    assert_eq!(queues("queue = \"oost\"\n"), ["oost"]);
    assert_eq!(queues("queue = [\"oost\", \"west\"]\n"), ["oost", "west"]);
    for (word, alone, shared) in
        [("\"auto\"", Some(false), Some(true)), ("true", Some(true), Some(true)), ("false", Some(false), Some(false))]
    {
        let settings = amqp(&format!("single_active_consumer = {word}\n")).amqp.expect("an address");
        assert_eq!(settings.clone().for_ledger(false).single_active_consumer, alone, "{word}");
        assert_eq!(settings.for_ledger(true).single_active_consumer, shared, "{word}");
    }
    faults(
        "[amqp]\nurl = \"amqp://localhost\"\nqueue = [\"q\", \"q\"]\nsingle_active_consumer = \"perhaps\"\n\
         max_takes = 0\nconfirm_window = 0\nconfirm_deadline = \"1ms\"\n",
        &[
            (Some(3), "amqp.queue", "named twice"),
            (Some(4), "amqp.single_active_consumer", "not a choice"),
            (Some(5), "amqp.max_takes", "1"),
            (Some(6), "amqp.confirm_window", "1"),
            (Some(7), "amqp.confirm_deadline", "1s to 10m"),
        ],
    );
    faults(
        "[amqp]\nurl = \"amqp://localhost\"\nqueue = [\"a\", \"p\"]\nparked_queue = \"p\"\n",
        &[(Some(4), "amqp.parked_queue", "a queue of their own")],
    );
    faults("[amqp]\nurl = \"amqp://localhost\"\nqueue = []\n", &[(Some(3), "amqp.queue", "no queue is named")]);
}

#[test]
fn back_offices_are_checked_one_by_one() {
    faults(
        "[[back_office]]\ngemeente = \"0197\"\nurl = \"https://a.example/\"\n\
         [[back_office]]\ngemeente = \"0197\"\nurl = \"https://b.example/\"\n\
         [[back_office]]\ngemeente = \"197\"\nurl = \"http://a.example/\"\n\
         [[back_office]]\ntimeout = \"1s\"\ntimeot = \"1s\"\n",
        &[
            (Some(5), "back_office[2].gemeente", "already"),
            (Some(8), "back_office[3].gemeente", "four digits"),
            (Some(9), "back_office[3].url", "plain text"),
            (Some(11), "back_office[4].gemeente", "missing"),
            (Some(11), "back_office[4].url", "missing"),
            (Some(12), "back_office[4].timeot", "perhaps \"timeout\""),
        ],
    );
    for url in ["http://127.0.0.1:8080/in", "http://[::1]/in", "http://localhost/in", "https://a.example/in"] {
        let text = format!("[[back_office]]\ngemeente = \"0197\"\nurl = \"{url}\"\n");
        assert!(read(&text).is_ok(), "{url}");
    }
    faults(
        "[[back_office]]\ngemeente = \"0197\"\nurl = \"http://localhost.example/\"\n",
        &[(Some(3), "back_office[1].url", "plain text")],
    );
}

#[test]
fn policies_are_kept_per_check_and_municipality() {
    let config = read("[policy]\nA1 = \"hold\"\n[policy.\"0197\"]\nA1 = \"signal\"\n").expect("valid");
    assert_eq!(config.policy[&("A1".to_owned(), None)], "hold");
    assert_eq!(config.policy[&("A1".to_owned(), Some("0197".to_owned()))], "signal");
    faults(
        "[policy]\nA1 = \"reject\"\nZ9 = \"hold\"\n[policy.197]\nB4 = 3\n",
        &[
            (Some(2), "policy.A1", "\"observe\", \"signal\""),
            (Some(3), "policy.Z9", "not a check"),
            (Some(4), "policy.197", "CBS code"),
            (Some(5), "policy.197.B4", "not a text"),
        ],
    );
}

#[test]
fn replies_to_unknown_messages_are_refused_unless_chosen_otherwise() {
    assert_eq!(read("").expect("valid").unknown_question, UnknownQuestion::Refuse);
    let relay = read("[replies]\nunknown = \"relay\"\n").expect("valid");
    assert_eq!(relay.unknown_question, UnknownQuestion::Relay);
    faults(
        "[replies]\nunknown = \"accept\"\nunkown = \"relay\"\n",
        &[(Some(2), "replies.unknown", "\"refuse\" or \"relay\""), (Some(3), "replies.unkown", "perhaps \"unknown\"")],
    );
    let variables = env(&[("SLUIS_REPLIES_UNKNOWN", "relay")]);
    let config = parse(Path::new("sluis.toml"), "", &variables).expect("valid");
    assert_eq!(config.unknown_question, UnknownQuestion::Relay);
}

#[test]
fn the_environment_overrides_the_file() {
    let variables = env(&[
        ("SLUIS_AMQP_URL", "amqp://u:p@localhost:5673/%2f"),
        ("SLUIS_INTAKE_TRANSPORTS", "directory, amqp"),
        ("SLUIS_DIRECTORY_FILES_PER_ROUND", "7"),
        ("SLUIS_AMQP_DECLARE", "false"),
        ("SLUIS_LEDGER_PATH", "db/l.sqlite"),
        ("SLUIS_LOG_FORMAT", "json"),
        ("SLUIS_TEST_AMQP", "left alone"),
        ("PATH", "left alone"),
    ]);
    let text = "[directory]\nfiles_per_round = 9\npoll = \"2s\"\n";
    let config = parse(Path::new("/etc/sluis/sluis.toml"), text, &variables).expect("valid");
    assert_eq!(config.directory.files_per_round, 7);
    assert_eq!(config.directory.poll, Duration::from_secs(2));
    assert_eq!(config.ledger.location, Location::from(Path::new("/etc/sluis/db/l.sqlite")));
    assert_eq!(config.intake.iter().copied().collect::<Vec<_>>(), [Transport::Directory, Transport::Amqp]);
    assert_eq!(config.log.format, LogFormat::Json);
    assert!(!config.amqp.expect("an address").declare);

    let variables = env(&[("SLUIS_AMQP_ULR", "x"), ("SLUIS_HTTP_LISTEN", "8080")]);
    let found = parse(Path::new("sluis.toml"), "", &variables).expect_err("faults");
    let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(shown.len(), 2, "{shown:#?}");
    assert!(shown[0].starts_with("environment: SLUIS_HTTP_LISTEN: \"8080\" is not an address"), "{shown:#?}");
    assert!(shown[1].contains("perhaps SLUIS_AMQP_URL is meant"), "{shown:#?}");
}

#[test]
fn secrets_show_in_no_fault_and_no_listing() {
    let wrong = [
        "[amqp]\nurl = \"amq://u:geheim@h\"\n",
        "[amqp]\nurl = [\"amqp://u:geheim@h\"]\n",
        "[amqp]\nurl = \"amqp://u:geheim@h:99999\"\n",
        "[[back_office]]\ngemeente = \"0197\"\nurl = \"http://u:geheim@a.example/\"\n",
        "[amqp]\nurl = \"amqp://u:geheim@h\" x\n",
    ];
    for text in wrong {
        let found = read(text).expect_err("a fault");
        assert!(!format!("{found:?}").contains("geheim"), "{found:?}");
    }
    let config = read(
        "[amqp]\nurl = \"amqps://u:geheim@h/%2f\"\n[[back_office]]\ngemeente = \"0197\"\nurl = \"https://u:geheim@a.example/in?token=geheim\"\n",
    )
    .expect("valid");
    assert!(!config.show().contains("geheim"), "{}", config.show());
    assert!(!format!("{config:?}").contains("geheim"), "{config:?}");
    assert!(config.show().contains("url = \"amqps://***@h/%2f\""), "{}", config.show());
}

#[test]
fn what_is_shown_reads_back_as_the_same_configuration() {
    let text = "[replies]\nunknown = \"relay\"\n[contract]\nregion = [\"a\", \"b\"]\n[policy]\nA1 = \"hold\"\nD2 = \"observe\"\n[policy.\"0197\"]\nA1 = \"signal\"\n\
                [amqp]\nurl = \"amqps://broker/%2f\"\nca_file = \"ca.pem\"\n\
                [[back_office]]\ngemeente = \"0197\"\nurl = \"https://a.example/in\"\ntimeout = \"90s\"\n";
    let config = read(text).expect("valid");
    assert_eq!(read(&config.show()).expect("what is shown is valid"), config);
}

#[test]
fn files_that_are_named_must_be_there() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("sluis.toml");
    let missing = load(&file, &env(&[])).expect_err("no file");
    assert!(missing[0].to_string().contains("cannot be read"), "{missing:?}");

    std::fs::write(&file, "[amqp]\nurl = \"amqps://h\"\nca_file = \"ca.pem\"\n").expect("written");
    let unreadable = load(&file, &env(&[])).expect_err("no certificate");
    assert_eq!(unreadable[0].key, "amqp.ca_file");
    std::fs::write(dir.path().join("ca.pem"), "").expect("written");
    assert!(load(&file, &env(&[])).is_ok());
}

#[test]
fn a_variable_may_name_a_file_with_the_value() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("sluis.toml");
    std::fs::write(&file, "").expect("written");
    std::fs::write(dir.path().join("url"), "amqps://u:geheim@broker/%2f\r\n").expect("written");
    let given = load(&file, &env(&[("SLUIS_AMQP_URL_FILE", "url")])).expect("no faults");
    assert_eq!(given.amqp.expect("an address").url.expose(), "amqps://u:geheim@broker/%2f");

    std::fs::write(dir.path().join("bytes"), [0xff, 0xfe]).expect("written");
    std::fs::write(dir.path().join("wrong"), "geheim").expect("written");
    let faults = |pairs: &[(&str, &str)]| {
        let found = load(&file, &env(pairs)).expect_err("faults");
        let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(!shown.concat().contains("geheim"), "{shown:?}");
        shown
    };
    for (value, part) in [("none", "cannot be read"), ("bytes", "holds no text"), ("wrong", "not an AMQP address")] {
        let shown = faults(&[("SLUIS_AMQP_URL_FILE", value)]);
        assert!(shown.len() == 1 && shown[0].contains("SLUIS_AMQP_URL") && shown[0].contains(part), "{shown:?}");
    }
    let both = faults(&[("SLUIS_AMQP_URL_FILE", "url"), ("SLUIS_AMQP_URL", "amqps://h")]);
    assert!(both.len() == 1 && both[0].contains("set one of the two"), "{both:?}");
    let unknown = faults(&[("SLUIS_AMQP_ULR_FILE", "url"), ("SLUIS_SENDER_NAME_FILE", "url")]);
    assert!(unknown.len() == 2 && unknown[0].contains("perhaps SLUIS_AMQP_URL_FILE is meant"), "{unknown:?}");
    // A key with such an ending names the file that it names.
    std::fs::write(dir.path().join("ca.pem"), "").expect("written");
    let variables = env(&[("SLUIS_AMQP_CA_FILE", "ca.pem"), ("SLUIS_AMQP_URL_FILE", "url")]);
    let tls = load(&file, &variables).expect("no faults").amqp.expect("an address").tls;
    assert_eq!(tls.ca_file, Some(dir.path().join("ca.pem")));
}

#[test]
fn faults_of_the_file_the_environment_and_of_files_come_at_once() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("sluis.toml");
    let text = "[log]\nlevel = \"loud\"\n[amqp]\nurl = \"amqps://h\"\nca_file = \"ca.pem\"\n";
    std::fs::write(&file, text).expect("written");
    let variables = env(&[("SLUIS_LEDGER_URL_FILE", "none"), ("SLUIS_HTTP_LISTEN", "8310")]);
    let found = load(&file, &variables).expect_err("faults");
    let keys: Vec<&str> = found.iter().map(|fault| fault.key.as_str()).collect();
    assert_eq!(keys, ["log.level", "SLUIS_LEDGER_URL_FILE", "SLUIS_HTTP_LISTEN", "amqp.ca_file"]);
}

#[test]
fn the_embedded_gateway_stays_inside_its_folder() {
    let config = Config::embedded(Path::new("/tmp/demo"));
    assert_eq!(config.directory.root, PathBuf::from("/tmp/demo/spool"));
    assert_eq!(config.ledger.location, Location::from(Path::new("/tmp/demo/ledger.sqlite")));
    assert_eq!(config.http.listen.port(), 0);
    assert!(config.http.listen.ip().is_loopback());
}

const HASH: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

#[test]
fn senders_are_bound_as_soon_as_there_is_one() {
    use sluis::sender::{Identity, Reason, Standing};
    let one = format!(
        "[[sender]]\nname = \"noord\"\nparties = [\"42420001\", \"0197\"]\namqp_user = [\"n1\", \"n2\"]\n\
         certificate = \"Zorg, Noord\"\ntoken_sha256 = \"{HASH}\"\nfolder = \"noord\"\n"
    );
    let (known, other) = (Identity::AmqpUser("n2".to_owned()), Identity::AmqpUser("n3".to_owned()));
    let config = read(&one).expect("valid");
    assert!(matches!(config.senders.standing("amqp", Some(&known)), Standing::Known(sender)
        if sender.name == "noord" && sender.may_send_for("0197") && !sender.may_send_for("0222")));
    let refused = Standing::Unknown(Reason::UnknownIdentity);
    assert_eq!(config.senders.standing("amqp", Some(&other)), refused);
    assert_eq!(config.open_transports(), Vec::<&str>::new());
    assert_eq!(config.senders.folders().collect::<Vec<_>>(), ["noord"]);
    assert_eq!(config.senders.list()[0].certificates, ["Zorg, Noord"], "a comma in a name parts nothing");

    let apart = format!("[intake]\nopen = [\"directory\"]\n{one}");
    let config = read(&apart).expect("valid");
    assert_eq!(config.senders.standing("directory", None), Standing::Open);
    assert_eq!(config.senders.standing("amqp", Some(&other)), refused);
    assert_eq!(config.open_transports(), ["directory"]);
    assert_eq!(
        read(&format!("[intake]\nsenders = \"open\"\n{one}")).expect("valid").senders.standing("amqp", None),
        Standing::Open
    );
    assert_eq!(read("").expect("valid").open_transports(), ["directory"]);
    let hub = read("[[sender]]\nname = \"hub\"\nparties = [\"*\"]\namqp_user = \"hub\"\n").expect("valid");
    assert!(hub.senders.list()[0].may_send_for("0999"));
    let accounts = "[[sender]]\nname = \"soft\"\nparties = [\"42420002\"]\naccounts_only = true\n";
    let config = read(accounts).expect("valid");
    assert_eq!(config.senders.standing("amqp", Some(&other)), Standing::Open, "one for accounts binds nobody");
    assert!(config.senders.named("soft").is_some_and(|sender| sender.may_send_for("42420002")));
    let both = format!("{accounts}{one}");
    assert_eq!(read(&both).expect("valid").senders.standing("amqp", Some(&other)), refused);
    for text in [one.as_str(), &apart, accounts, &both, "[intake]\nsenders = \"open\"\n"] {
        let config = read(text).expect("valid");
        assert_eq!(read(&config.show()).expect("what is shown is valid"), config);
    }
}

#[test]
fn a_fingerprint_is_known_however_tools_write_it() {
    let with = |fingerprint: &str| {
        let text = format!("[[sender]]\nname = \"n\"\nparties = [\"0197\"]\ncertificate = \"{fingerprint}\"\n");
        read(&text).expect("valid").senders.list()[0].certificates.clone()
    };
    let colons: Vec<&str> = (0..64).step_by(2).map(|at| &HASH[at..at + 2]).collect();
    assert_eq!(with(&colons.join(":").to_uppercase()), [HASH]);
    assert_eq!(with(HASH), [HASH]);
    assert_eq!(with("noord.example"), ["noord.example"]);
}

#[test]
fn all_that_is_wrong_with_senders_is_told() {
    let sender = |lines: &str| format!("[[sender]]\nname = \"a\"\nparties = [\"0197\"]\n{lines}");
    let login = "amqp_user = \"a\"\n";
    faults(
        &sender("accounts_only = true\nfolder = \"a\"\n"),
        &[(Some(5), "sender[1].folder", "take accounts_only away")],
    );
    let everybody = "[[sender]]\nname = \"a\"\nparties = [\"*\"]\naccounts_only = true\n";
    faults(everybody, &[(Some(3), "sender[1].parties", "name the codes")]);
    faults("[intake]\nsenders = \"bound\"\n", &[(Some(2), "intake.senders", "add a [[sender]]")]);
    assert!(read("[intake]\nsenders = \"bound\"\nopen = [\"directory\"]\n").is_ok());
    faults("[intake]\nsenders = \"closed\"\n", &[(Some(2), "intake.senders", "\"bound\" or \"open\"")]);
    faults("[intake]\nopen = [\"mail\"]\n", &[(Some(2), "intake.open", "not a transport")]);
    faults(&sender(""), &[(Some(2), "sender[1]", "add amqp_user")]);
    faults(
        &sender("amqp_usr = \"a\"\n"),
        &[(Some(2), "sender[1]", "add amqp_user"), (Some(4), "sender[1].amqp_usr", "perhaps \"amqp_user\" is meant")],
    );
    faults(&sender("token_sha256 = \"geheim\"\n"), &[(Some(4), "sender[1].token_sha256", "sluis config token")]);
    faults(&sender(&format!("{login}token = \"geheim\"\n")), &[(Some(5), "sender[1].token", "token_sha256")]);
    faults(&sender("certificate = \"CN=a,O=b\"\n"), &[(Some(4), "sender[1].certificate", "without CN=")]);
    faults(
        &sender("folder = [\"../b\", \"b.xml\", \"b\"]\n"),
        &[(Some(4), "sender[1].folder", "../b"), (Some(4), "sender[1].folder", "b.xml")],
    );
    let parties = |codes: &str| format!("[[sender]]\nname = \"a\"\n{login}parties = {codes}\n");
    for (codes, part) in [
        ("[]", "no party"),
        ("[\"42420001\", \"424\", \"x\"]", "\"424\", \"x\""),
        ("[\"*\", \"0197\"]", "alone"),
        ("[\"0197\", \"0197\"]", "twice"),
    ] {
        faults(&parties(codes), &[(Some(4), "sender[1].parties", part)]);
    }
    faults(
        "[[sender]]\namqp_user = \"x y\"\n",
        &[(Some(2), "sender[1].name", "missing"), (Some(2), "sender[1].parties", "missing")],
    );
    let twice = format!(
        "{}{}",
        sender(&format!("amqp_user = [\"x\", \"x\"]\ntoken_sha256 = \"{HASH}\"\n")),
        sender(&format!("token_sha256 = \"{}\"\n", HASH.to_uppercase()))
    );
    faults(
        &twice,
        &[
            (Some(4), "sender[1].amqp_user", "twice"),
            (Some(7), "sender[2].name", "already"),
            (Some(9), "sender[2].token_sha256", "twice"),
        ],
    );
    for wrong in [sender("token_sha256 = \"geheim\"\n"), sender("token = \"geheim\"\n")] {
        assert!(!format!("{:?}", read(&wrong).expect_err("a fault")).contains("geheim"), "a token shows in no fault");
    }
}

#[test]
fn messages_over_http_travel_in_safety() {
    let http = |lines: &str| format!("[intake]\ntransports = [\"http\"]\n[http_intake]\n{lines}");
    let files = "server_cert_file = \"a.pem\"\nserver_key_file = \"a.key\"\n";
    faults(&http(""), &[(Some(2), "intake.transports", "server_cert_file")]);
    faults(&http("plain = true\nlisten = \"0.0.0.0:8311\"\n"), &[(Some(5), "http_intake.listen", "plain text")]);
    faults(&http(&format!("plain = true\n{files}")), &[(Some(5), "http_intake.server_cert_file", "leave one")]);
    faults(&http("server_key_file = \"a.key\"\n"), &[(Some(4), "http_intake.server_key_file", "go together")]);
    faults(&http("client_ca_file = \"ca.pem\"\n"), &[(Some(4), "http_intake.client_ca_file", "go together")]);
    faults(&http("plain = true\nbytes_at_once = \"1MB\"\n"), &[(Some(5), "http_intake.bytes_at_once", "never fit")]);
    faults("[delivery]\ndefault = \"http\"\n", &[(Some(2), "delivery.default", "\"directory\" or \"amqp\"")]);
    let config = read(&http(&format!("{files}client_ca_file = \"ca.pem\"\nlisten = \"[::]:8311\"\n"))).expect("valid");
    assert_eq!(config.http_intake.files().count(), 3);
    assert_eq!(read(&config.show()).expect("what is shown is valid"), config);
    assert!(read(&http("plain = true\nlisten = \"127.0.0.1:0\"\n")).is_ok());
}

#[test]
fn a_console_and_its_provider_fit_together() {
    let provider = "[oidc]\nissuer = \"https://login.example\"\nclient_id = \"sluis\"\nclient_secret = \"geheim\"\n\
                    roles = [\"cn=ops,dc=nl=operator\", \"boss=administrator\"]\n";
    let console = "[console]\nlisten = \"127.0.0.1:8312\"\npublic_url = \"https://sluis.example/\"\n";
    let config = read(&format!("{console}{provider}")).expect("valid");
    assert!(!config.show().contains("geheim") && !format!("{config:?}").contains("geheim"), "{}", config.show());
    let oidc = config.oidc.expect("a provider");
    assert_eq!(oidc.redirect, "https://sluis.example/login/callback");
    assert_eq!(oidc.roles.keys().collect::<Vec<_>>(), ["boss", "cn=ops,dc=nl"]);
    let other = |from: &str, to: &str| format!("{console}{provider}").replace(from, to);
    for (text, told) in [
        (other("sluis.example/\"", "sluis.example/console\""), "not the address of a site"),
        (other("https://sluis.example/", "sluis.example"), "not the address of a site"),
        (other("https://login.example", "http://login.example"), "plain text"),
        (other("client_id = \"sluis\"\n", ""), "client_id is missing"),
        (other("client_secret = \"geheim\"\n", ""), "client_secret is missing"),
        (other("=administrator", "=root"), "no role"),
        (other("boss=administrator", "boss"), "nothing of a role"),
        (other("roles = [", "# roles = ["), "would have a role"),
        (other("public_url", "# public_url"), "send people back"),
        (format!("{console}session_idle = \"13h\"\n"), "too short or too long"),
        (format!("{console}session_idle = \"2h\"\nsession_longest = \"1h\"\n"), "longer than session_longest"),
        (format!("{console}api_requests = 0\n"), "whole number from 1"),
        (format!("{provider}scopes = [\"profile\"]\n"), "openid is not among them"),
    ] {
        let faults = read(&text).expect_err("a fault");
        assert!(faults.iter().any(|fault| fault.wrong.contains(told)), "{told}: {faults:?}");
        assert!(!format!("{faults:?}").contains("geheim"), "{faults:?}");
    }
}

#[test]
fn silence_is_expected_in_working_time() {
    let head = "[[silence]]\nname = \"a\"\nparties = [\"42420001\", \"0197\"]\n";
    let config = read(&format!("{head}after = \"3 working days\"\n")).expect("no faults");
    assert_eq!((config.silence[0].limit, config.silence[0].kinds.len()), (Duration::from_hours(30), 0), "of ten hours");
    let text = format!("{head}kinds = \"jw323\"\nafter = \"90 working hours\"\nhours = \"00:00-24:00\"\n");
    let config = read(&text).expect("no faults");
    assert_eq!(config.silence[0].limit, Duration::from_hours(90));
    let shown = config.show();
    assert_eq!(read(&shown).expect("what is shown can be read").silence, config.silence, "{shown}");
    assert!(shown.contains("kinds = [\"JW323\"]") && shown.contains("after = \"90 working hours\""), "{shown}");
    let text = format!(
        "{head}after = \"3 days\"\n[[silence]]\nname = \"a b\"\nparties = \"*\"\nkinds = [\"WMO399\"]\n\
         after = \"261 working days\"\nhours = \"18:00-08:00\"\nwith = 1\n"
    );
    faults(
        &text,
        &[
            (Some(4), "silence[1].after", "4 working hours"),
            (Some(6), "silence[2].name", "does not fit"),
            (Some(7), "silence[2].parties", "no code of a party"),
            (Some(8), "silence[2].kinds", "WMO399"),
            (Some(9), "silence[2].after", "no working time"),
            (Some(10), "silence[2].hours", "08:00-18:00"),
            (Some(11), "silence[2].with", "no such key"),
        ],
    );
    let twice = format!("{head}after = \"1 working hour\"\n{head}after = \"1 working hour\"\n");
    faults(&twice, &[(Some(6), "silence[2].name", "already")]);
    faults(
        "[[silence]]\nname = \"a\"\n",
        &[(Some(2), "silence[1].parties", "add"), (Some(2), "silence[1].after", "add")],
    );
}

/// Each fault of `[retention]`: the text, the line and the key at which it is told, what is wrong and what to do.
type FaultOfRetention<'t> = (&'t str, u32, &'t str, &'t str, &'t str);

#[test]
fn every_fault_of_retention_says_where_what_and_what_to_do() {
    const TERM: &str = "such as \"90d\" or \"7y\" (at most 100y), or \"forever\"";
    let wrong_terms =
        ["", "90", "d", "0d", "0y", "-1d", "1.5y", "7m", "7 y", "7Y", "101y", "36501d", "65536d", "ever", "\u{00e9}"];
    for term in wrong_terms {
        for (section, key) in [
            ("[retention]", "retention"),
            ("[retention.WMO323]", "retention.WMO323"),
            ("[retention.unreadable.rejected]", "retention.unreadable.rejected"),
        ] {
            for stage in ["bodies", "details", "records"] {
                let text = format!("# terms\n{section}\n{stage} = \"{term}\"\n");
                let wrong = format!("\"{term}\" is not a term");
                of_retention((&text, 3, &format!("{key}.{stage}"), &wrong, TERM));
            }
        }
    }
    for (value, wrong) in [("90", "90 is not a text"), ("true", "true is not a text"), ("[\"90d\"]", "is not a text")] {
        let text = format!("[retention]\nbodies = {value}\n");
        of_retention((&text, 2, "retention.bodies", wrong, "put it between double quotes"));
    }
    let whole = "bodies = \"1y\"\ndetails = \"1y\"\nrecords = \"2y\"\n";
    for (text, line, key, wrong, todo) in [
        // Too short for the answers of the standard, for corrections and for checks over time.
        ("bodies = \"59d\"", 2, "retention.bodies", "59d is shorter than 60d", "make it longer"),
        ("bodies = \"60d\"\ndetails = \"59d\"", 3, "retention.details", "59d is shorter than 60d", "make it longer"),
        (
            "bodies = \"60d\"\ndetails = \"60d\"\nrecords = \"729d\"",
            4,
            "retention.records",
            "729d is shorter than 2y: a declaration may be corrected",
            "make it longer",
        ),
        // Less is left of a message at each stage.
        (
            "details = \"1y\"",
            2,
            "retention.details",
            "bodies of the same messages are kept for ever",
            "set a term for both",
        ),
        (
            "bodies = \"1y\"\nrecords = \"7y\"",
            3,
            "retention.records",
            "details of the same messages are kept for ever",
            "set a term for both",
        ),
        (
            "bodies = \"3y\"\ndetails = \"2y\"",
            3,
            "retention.details",
            "details would go after 2y, before bodies go after 3y",
            "make it at least as long",
        ),
        ("body = \"1y\"", 2, "retention.body", "there is no such key", "bodies"),
    ] {
        of_retention((&format!("[retention]\n{text}\n"), line, key, wrong, todo));
    }
    let kinds = "name a kind such as WMO323, or unreadable";
    let verdicts = "name accepted, rejected or partly: what is held or parked is always kept";
    for (text, line, key, wrong, todo) in [
        ("[retention.WMO999]\nbodies = \"1y\"", 5, "retention.WMO999", "\"WMO999\" is no kind", kinds),
        ("[retention.wmo323]\nbodies = \"1y\"", 5, "retention.wmo323", "\"wmo323\" is no kind", kinds),
        ("[retention.rejected]\nbodies = \"1y\"", 5, "retention.rejected", "\"rejected\" is no kind", kinds),
        ("[retention.WMO323]\nbody = \"1y\"", 6, "retention.WMO323.body", "there is no such key", "bodies, details"),
        ("[retention.WMO323.held]\nbodies = \"1y\"", 5, "retention.WMO323.held", "\"held\" is no verdict", verdicts),
        ("[retention.WMO323.parked]", 5, "retention.WMO323.parked", "\"parked\" is no verdict", verdicts),
        ("[retention.JW301.Rejected]", 5, "retention.JW301.Rejected", "\"Rejected\" is no verdict", verdicts),
        (
            "[retention.WMO323.rejected.early]\nbodies = \"1y\"",
            5,
            "retention.WMO323.rejected",
            "there is nothing below a verdict, and \"early\" is",
            "leave it out",
        ),
        (
            "[retention.WMO323.rejected]\nbody = \"1y\"",
            6,
            "retention.WMO323.rejected.body",
            "there is no such key",
            "bodies, details",
        ),
        // What a kind or a verdict takes over from above it counts too.
        (
            "[retention.WMO323]\nbodies = \"2y\"",
            5,
            "retention.WMO323.details",
            "details would go after 1y, before bodies go after 2y",
            "make it at least as long",
        ),
        (
            "[retention.WMO323.partly]\ndetails = \"forever\"",
            5,
            "retention.WMO323.partly.records",
            "records go and details of the same messages are kept for ever",
            "set a term for both",
        ),
        (
            "[retention.unreadable.rejected]\nrecords = \"1y\"",
            6,
            "retention.unreadable.rejected.records",
            "1y is shorter than 2y",
            "make it longer",
        ),
    ] {
        of_retention((&format!("[retention]\n{whole}{text}\n"), line, key, wrong, todo));
    }
    // Nothing follows from a term that could not be read, and a fault that sections take over is told where it is.
    for (text, line, key, wrong) in [
        (
            "bodies = \"1h\"\ndetails = \"1y\"\n[retention.WMO323]\nrecords = \"2y\"",
            2,
            "retention.bodies",
            "is not a term",
        ),
        ("bodies = \"9d\"\n[retention.WMO323]\n[retention.JW301.rejected]", 2, "retention.bodies", "9d is shorter"),
        (
            "bodies = \"1y\"\n[retention.WMO323]\nbodies = \"9d\"\n[retention.WMO323.partly]\ndetails = \"1y\"",
            4,
            "retention.WMO323.bodies",
            "9d is shorter",
        ),
    ] {
        faults(&format!("[retention]\n{text}\n"), &[(Some(line), key, wrong)]);
    }
    let told = parse(Path::new("sluis.toml"), "", &env(&[("SLUIS_RETENTION_BODIES", "soon")])).expect_err("no term");
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("SLUIS_RETENTION_BODIES") && told[0].contains(TERM), "{told:?}");
}

/// A text has this fault and no other.
fn of_retention((text, line, key, wrong, todo): FaultOfRetention<'_>) {
    faults(text, &[(Some(line), key, wrong)]);
    let told = read(text).expect_err("it has a fault").remove(0).todo;
    assert!(told.contains(todo), "{text}: {told} does not say {todo}");
}

#[test]
fn all_faults_of_retention_are_told_in_one_go() {
    let text = "[retention]\nbodies = \"1h\"\ndetails = \"10d\"\nrecords = \"1y\"\n[retention.WMO1]\n\
                [retention.WMO323.held]\nbodies = \"x\"\n";
    let told = read(text).expect_err("it has faults");
    let mut keys: Vec<&str> = told.iter().map(|fault| fault.key.as_str()).collect();
    keys.sort_unstable();
    let expected = [
        "retention.WMO1",
        "retention.WMO323.held",
        "retention.WMO323.held.bodies",
        "retention.bodies",
        "retention.details",
        "retention.records",
    ];
    assert_eq!(keys, expected, "{told:#?}");
}
