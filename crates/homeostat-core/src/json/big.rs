use core::cmp::Ordering;

/// Room for 10^1092, the largest power of ten that `number` needs: 768 digits behind 10^-324.
const LIMBS: usize = 116;

/// A natural number below 2^3712, for exact conversions between decimal and binary.
#[derive(Clone)]
pub(super) struct Big {
    /// Limbs in use; the last one is not 0.
    len: usize,
    /// Least significant first.
    limbs: [u32; LIMBS],
}

/// What writing a number needs of natural numbers.
pub(super) trait Natural: Clone {
    fn new(n: u64) -> Self;
    /// Multiplies by a factor, then adds.
    fn mul_add(&mut self, factor: u32, addend: u32);
    fn mul_pow10(&mut self, n: u32);
    fn mul_pow2(&mut self, n: u32);
    fn add(&mut self, other: &Self);
    /// Subtracts what is not larger.
    fn sub(&mut self, other: &Self);
    fn compare(&self, other: &Self) -> Ordering;
}

/// Whoever uses it knows that it does not overflow.
impl Natural for u128 {
    fn new(n: u64) -> Self {
        Self::from(n)
    }

    fn mul_add(&mut self, factor: u32, addend: u32) {
        *self = *self * Self::from(factor) + Self::from(addend);
    }

    fn mul_pow10(&mut self, n: u32) {
        (0..n).for_each(|_| self.mul_add(10, 0));
    }

    fn mul_pow2(&mut self, n: u32) {
        *self <<= n;
    }

    fn add(&mut self, other: &Self) {
        *self += other;
    }

    fn sub(&mut self, other: &Self) {
        *self -= other;
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.cmp(other)
    }
}

impl Big {
    fn limbs(&self) -> &[u32] {
        self.limbs.get(..self.len).unwrap_or(&[])
    }

    /// Position of the highest bit that is set, from 1; 0 for 0.
    pub fn bits(&self) -> i32 {
        self.limbs().last().map_or(0, |top| 32 * self.len as i32 - top.leading_zeros() as i32)
    }
}

impl Natural for Big {
    fn new(n: u64) -> Self {
        let mut big = Self { len: 0, limbs: [0; LIMBS] };
        big.mul_add(1, (n >> 32) as u32);
        big.mul_pow2(32);
        big.mul_add(1, n as u32);
        big
    }

    fn mul_add(&mut self, factor: u32, addend: u32) {
        let mut carry = u64::from(addend);
        for limb in self.limbs.iter_mut().take(self.len) {
            carry += u64::from(*limb) * u64::from(factor);
            *limb = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.limbs[self.len] = carry as u32;
            self.len += 1;
        }
    }

    fn mul_pow10(&mut self, n: u32) {
        (0..n / 9).for_each(|_| self.mul_add(1_000_000_000, 0));
        (0..n % 9).for_each(|_| self.mul_add(10, 0));
    }

    fn mul_pow2(&mut self, n: u32) {
        (0..n / 31).for_each(|_| self.mul_add(1 << 31, 0));
        self.mul_add(1 << (n % 31), 0);
    }

    fn add(&mut self, other: &Big) {
        let len = self.len.max(other.len);
        let mut carry = 0;
        for (limb, more) in self.limbs.iter_mut().zip(&other.limbs).take(len) {
            carry += u64::from(*limb) + u64::from(*more);
            *limb = carry as u32;
            carry >>= 32;
        }
        self.len = len;
        if carry > 0 {
            self.limbs[len] = carry as u32;
            self.len += 1;
        }
    }

    fn sub(&mut self, other: &Big) {
        let mut borrow = 0;
        for (limb, less) in self.limbs.iter_mut().zip(&other.limbs).take(self.len) {
            let difference = i64::from(*limb) - i64::from(*less) + borrow;
            *limb = difference as u32;
            borrow = difference >> 32;
        }
        self.len -= self.limbs().iter().rev().take_while(|limb| **limb == 0).count();
    }

    fn compare(&self, other: &Big) -> Ordering {
        self.len.cmp(&other.len).then_with(|| self.limbs().iter().rev().cmp(other.limbs().iter().rev()))
    }
}
