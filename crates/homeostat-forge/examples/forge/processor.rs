//! The processor's backend against a plain loop and `matrixmultiply`, in turns: on one thread, and on all cores.
#![allow(unsafe_code)] // matrixmultiply takes pointers

use crate::arguments::Arguments;
use crate::workload::Workload;
use homeostat_forge::cpu::{self, Threads};
use homeostat_forge::ir::Data;
use homeostat_forge::measure::median;
use homeostat_forge::plan::Plan;
use std::time::Instant;

const ROUNDS: usize = 9;

pub fn run(arguments: &Arguments) -> Result<(), String> {
    println!(
        "{:<18}{:>12}{:>12}{:>18}{:>12}{:>30}",
        "m x n x k", "one thread", "all cores", "matrixmultiply", "plain", "GFLOP/s; one / matrixmultiply"
    );
    for shape in arguments
        .text("shape")
        .unwrap_or("256x256x256,512x512x512,127x129x131,64x4096x64,1x1024x1024")
        .split(',')
    {
        let workload = Workload::parse("matmul", shape, "f32")?;
        let [m, n, k] = [0, 1, 2].map(|i| workload.dims[i] as usize);
        let blueprint = workload.blueprint().map_err(|e| e.to_string())?;
        let plan = Plan::new(&blueprint, 8).map_err(|e| e.to_string())?;
        let (inputs, check) = workload.inputs().map_err(|e| e.to_string())?;
        let (Data::F32(a), Data::F32(b)) = (&inputs[0], &inputs[1]) else {
            return Err("expected f32".into());
        };
        let mut peer = vec![0f32; m * n];
        let mut times = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let results = cpu::run_on(&plan, &inputs, Threads::ONE).map_err(|e| e.to_string())?;
            times[0].push(start.elapsed().as_secs_f64());
            let start = Instant::now();
            let again = cpu::run_on(&plan, &inputs, Threads::all()).map_err(|e| e.to_string())?;
            times[3].push(start.elapsed().as_secs_f64());
            if again != results {
                return Err(format!("{shape}: other bits on all cores"));
            }
            if let Some(miss) = check.judge(&results[0]) {
                return Err(format!("{shape}: {miss}"));
            }
            let start = Instant::now();
            multiply(a, b, &mut peer, [m, n, k]);
            times[1].push(start.elapsed().as_secs_f64());
            if let Some(miss) = check.judge(&Data::F32(peer.clone())) {
                return Err(format!("{shape}, matrixmultiply: {miss}"));
            }
        }
        let start = Instant::now();
        std::hint::black_box(cpu::plain(a, b, [m, n, k]));
        times[2].push(start.elapsed().as_secs_f64());
        let rates = times.map(|t| workload.operations() / 1e9 / median(&t).map_or(f64::NAN, |m| m.value));
        println!(
            "{shape:<18}{:>12.1}{:>12.1}{:>18.1}{:>12.1}{:>30.2}",
            rates[0],
            rates[3],
            rates[1],
            rates[2],
            rates[0] / rates[1]
        );
    }
    Ok(())
}

fn multiply(a: &[f32], b: &[f32], c: &mut [f32], [m, n, k]: [usize; 3]) {
    let stride = |n: usize| n as isize;
    // SAFETY: the slices hold m*k, k*n and m*n numbers, row-major as the strides say.
    unsafe {
        matrixmultiply::sgemm(
            m,
            k,
            n,
            1.0,
            a.as_ptr(),
            stride(k),
            1,
            b.as_ptr(),
            stride(n),
            1,
            0.0,
            c.as_mut_ptr(),
            stride(n),
            1,
        )
    }
}
