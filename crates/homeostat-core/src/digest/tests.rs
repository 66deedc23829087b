use super::*;
use proptest::prelude::*;

fn any_digest() -> impl Strategy<Value = TelemetryDigest> {
    let finite = || any::<f64>().prop_filter("finite", |v| v.is_finite());
    let positive = || finite().prop_map(f64::abs);
    (
        0..=1u64 << 53,
        0..=1u64 << 53,
        any::<u32>(),
        finite(),
        prop::option::of(positive()),
        prop::option::of(positive()),
        prop::option::of(0.0..=1.0f64),
        prop::option::of(finite()),
    )
        .prop_map(|(timestamp_us, generation, samples, objective, latency, rps, errors, margin)| {
            TelemetryDigest {
                timestamp_us,
                generation,
                samples,
                objective,
                latency_p99_us: latency,
                throughput_rps: rps,
                error_rate: errors,
                constraint_margin: margin,
            }
        })
}

proptest! {
    #[test]
    fn decode_undoes_encode(digest in any_digest()) {
        prop_assert_eq!(TelemetryDigest::decode(&digest.encode().unwrap()).unwrap(), digest);
    }

    /// Random edits of a valid digest either are refused or encode to the same bytes again.
    #[test]
    fn encode_undoes_decode(digest in any_digest(), at in 0..DIGEST_BYTES, byte in any::<u8>()) {
        let mut bytes = digest.encode().unwrap();
        bytes[at] = byte;
        if let Ok(decoded) = TelemetryDigest::decode(&bytes) {
            prop_assert_eq!(decoded.encode().unwrap(), bytes);
        }
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..130)) {
        if let Ok(decoded) = TelemetryDigest::decode(&bytes) {
            prop_assert_eq!(&decoded.encode().unwrap()[..], &bytes[..]);
        }
    }

    /// The ring against a plain vector that keeps everything.
    #[test]
    fn ring_keeps_the_latest(times in prop::collection::vec(0u64..1000, 0..50), capacity in 1usize..9) {
        let mut ring = DigestRing::new(capacity);
        for t in &times { ring.push(digest_at(*t)); }
        let kept: Vec<u64> = ring.iter().map(|d| d.timestamp_us).collect();
        let start = times.len().saturating_sub(capacity);
        prop_assert_eq!(&kept[..], &times[start..]);
        prop_assert_eq!(ring.dropped(), start as u64);
        prop_assert_eq!(ring.latest().map(|d| d.timestamp_us), times.last().copied());
    }
}

fn digest_at(timestamp_us: u64) -> TelemetryDigest {
    TelemetryDigest {
        timestamp_us,
        generation: 7,
        samples: 3,
        objective: 1.5,
        latency_p99_us: None,
        throughput_rps: None,
        error_rate: None,
        constraint_margin: None,
    }
}

/// The checked-in bytes are the format; a change here is a new version.
#[test]
fn golden_bytes() {
    let text = include_str!("../../../../fixtures/digest/golden.txt");
    let mut checked = 0;
    for line in text.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let (fields, hex) = line.split_once(" = ").expect("fields = hex");
        let f: Vec<&str> = fields.split(' ').collect();
        let option = |s: &str| if s == "-" { None } else { Some(s.parse().unwrap()) };
        let digest = TelemetryDigest {
            timestamp_us: f[0].parse().unwrap(),
            generation: f[1].parse().unwrap(),
            samples: f[2].parse().unwrap(),
            objective: f[3].parse().unwrap(),
            latency_p99_us: option(f[4]),
            throughput_rps: option(f[5]),
            error_rate: option(f[6]),
            constraint_margin: option(f[7]),
        };
        let bytes: Vec<u8> =
            (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect();
        assert_eq!(digest.encode().unwrap()[..], bytes[..], "{fields}");
        assert_eq!(TelemetryDigest::decode(&bytes).unwrap(), digest, "{fields}");
        checked += 1;
    }
    assert!(checked >= 4, "the fixture file lost its lines");
}

#[test]
fn refusals_name_the_reason() {
    let good = digest_at(5).encode().unwrap();
    for n in [0, 1, 63, 65, 128] {
        assert_eq!(TelemetryDigest::decode(&vec![1; n]).unwrap_err().code, Code::DigestLength);
    }
    let mut edits: Vec<(usize, u8, Code)> = vec![(0, 0, Code::DigestVersion), (0, 2, Code::DigestVersion)];
    edits.extend([(1, 16, Code::DigestLayout), (2, 1, Code::DigestLayout), (40, 1, Code::DigestLayout)]);
    edits.push((15, 255, Code::DigestRange));
    for (at, byte, code) in edits {
        let mut bad = good;
        bad[at] = byte;
        assert_eq!(TelemetryDigest::decode(&bad).unwrap_err().code, code, "byte {at} = {byte}");
    }
    let mut nan = good;
    nan[24..32].copy_from_slice(&f64::NAN.to_le_bytes());
    assert_eq!(TelemetryDigest::decode(&nan).unwrap_err().code, Code::DigestNotFinite);
    let rate = TelemetryDigest { error_rate: Some(1.5), ..digest_at(5) };
    assert_eq!(rate.encode().unwrap_err().code, Code::DigestRange);
}

#[test]
fn validity_covers_every_reason() {
    let d = digest_at(1000);
    assert_eq!(d.validity(1000, 7, 0, 500), Validity::Valid);
    assert_eq!(d.validity(1000, 8, 0, 500), Validity::WrongGeneration);
    assert_eq!(d.validity(1501, 7, 0, 500), Validity::TooOld);
    assert_eq!(d.validity(999, 7, 0, 500), Validity::FromTheFuture);
    assert_eq!(d.validity(1000, 7, 1001, 500), Validity::Settling);
    let nan = TelemetryDigest { objective: f64::NAN, ..d };
    assert_eq!(nan.validity(1000, 7, 0, 500), Validity::NotFinite);
}
