;; y[r] = step[r] · Σ w[r, c] x[c]: a matrix of signed bytes times a vector of floats, eight columns at a time.
;; The addresses are byte offsets into the memory that the caller brings; columns is a multiple of 8.
(module
  (import "page" "memory" (memory 1))
  (func (export "matvec") (param $y i32) (param $w i32) (param $step i32) (param $x i32) (param $rows i32) (param $columns i32)
    (local $at i32) (local $end i32) (local $eight v128) (local $low v128) (local $high v128)
    (local.set $end (i32.add (local.get $x) (i32.shl (local.get $columns) (i32.const 2))))
    (loop $row
      (local.set $low (v128.const f32x4 0 0 0 0))
      (local.set $high (v128.const f32x4 0 0 0 0))
      (local.set $at (local.get $x))
      (loop $column
        (local.set $eight (v128.load8x8_s align=1 (local.get $w)))
        (local.set $low (f32x4.add (local.get $low) (f32x4.mul
          (v128.load (local.get $at))
          (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $eight))))))
        (local.set $high (f32x4.add (local.get $high) (f32x4.mul
          (v128.load offset=16 (local.get $at))
          (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $eight))))))
        (local.set $w (i32.add (local.get $w) (i32.const 8)))
        (local.set $at (i32.add (local.get $at) (i32.const 32)))
        (br_if $column (i32.lt_u (local.get $at) (local.get $end))))
      (local.set $low (f32x4.add (local.get $low) (local.get $high)))
      (f32.store (local.get $y) (f32.mul (f32.load (local.get $step))
        (f32.add
          (f32.add (f32x4.extract_lane 0 (local.get $low)) (f32x4.extract_lane 1 (local.get $low)))
          (f32.add (f32x4.extract_lane 2 (local.get $low)) (f32x4.extract_lane 3 (local.get $low))))))
      (local.set $y (i32.add (local.get $y) (i32.const 4)))
      (local.set $step (i32.add (local.get $step) (i32.const 4)))
      (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
      (br_if $row (local.get $rows)))))
