;; Adler-32 of memory[at, end), continued from the sums a and b, sixteen bytes a step. Compiled into
;; adler32-simd.ts; a test compares the two.
;;
;; Over n bytes from x[0] on, a grows by the sum of x[i] and b by n * a + the sum of (n - i) * x[i].
;; `sums` adds up the bytes, `earlier` adds up `sums` as it was before each step, so that sixteen
;; times it is the part of earlier steps in b, and `weighted` is the part of each step itself.
(module
  (memory (export "memory") 1)
  (func $total (param $v v128) (result i32)
    (i32.add
      (i32.add (i32x4.extract_lane 0 (local.get $v)) (i32x4.extract_lane 1 (local.get $v)))
      (i32.add (i32x4.extract_lane 2 (local.get $v)) (i32x4.extract_lane 3 (local.get $v)))))
  (func (export "adler32") (param $at i32) (param $end i32) (param $a i32) (param $b i32) (result i32)
    (local $rest i32) (local $blockEnd i32)
    (local $x v128) (local $sums v128) (local $earlier v128) (local $weighted v128)
    (loop $blocks
      (local.set $rest (i32.and (i32.sub (local.get $end) (local.get $at)) (i32.const -16)))
      (if (local.get $rest)
        (then
          ;; 5552 is the most bytes, in sixteens, for which b stays below 2^32.
          (if (i32.gt_u (local.get $rest) (i32.const 5552))
            (then (local.set $rest (i32.const 5552))))
          (local.set $blockEnd (i32.add (local.get $at) (local.get $rest)))
          (local.set $sums (v128.const i32x4 0 0 0 0))
          (local.set $earlier (v128.const i32x4 0 0 0 0))
          (local.set $weighted (v128.const i32x4 0 0 0 0))
          (loop $steps
            (local.set $x (v128.load (local.get $at)))
            (local.set $earlier (i32x4.add (local.get $earlier) (local.get $sums)))
            (local.set $sums
              (i32x4.add
                (local.get $sums)
                (i32x4.extadd_pairwise_i16x8_u (i16x8.extadd_pairwise_i8x16_u (local.get $x)))))
            (local.set $weighted
              (i32x4.add
                (local.get $weighted)
                (i32x4.add
                  (i32x4.dot_i16x8_s
                    (i16x8.extend_low_i8x16_u (local.get $x))
                    (v128.const i16x8 16 15 14 13 12 11 10 9))
                  (i32x4.dot_i16x8_s
                    (i16x8.extend_high_i8x16_u (local.get $x))
                    (v128.const i16x8 8 7 6 5 4 3 2 1)))))
            (local.set $at (i32.add (local.get $at) (i32.const 16)))
            (br_if $steps (i32.lt_u (local.get $at) (local.get $blockEnd))))
          (local.set $b
            (i32.rem_u
              (i32.add
                (i32.add (local.get $b) (i32.mul (local.get $a) (local.get $rest)))
                (i32.add
                  (i32.shl (call $total (local.get $earlier)) (i32.const 4))
                  (call $total (local.get $weighted))))
              (i32.const 65521)))
          (local.set $a
            (i32.rem_u
              (i32.add (local.get $a) (call $total (local.get $sums)))
              (i32.const 65521)))
          (br $blocks))))
    (block $done
      (loop $bytes
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $a (i32.add (local.get $a) (i32.load8_u (local.get $at))))
        (local.set $b (i32.add (local.get $b) (local.get $a)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $bytes)))
    (i32.or
      (i32.shl (i32.rem_u (local.get $b) (i32.const 65521)) (i32.const 16))
      (i32.rem_u (local.get $a) (i32.const 65521)))))
