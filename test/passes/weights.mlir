// RUN: attn-opt %s --pass-pipeline='builtin.module(attn.pattern(attn-print-weights))' -o /dev/null | FileCheck %s
// Weights of many kinds: passes, state, finish, merge rule.

// CHECK-LABEL: weights of 'softmax': 1 pass
// CHECK-NEXT:   pass 1: l1 = sum(exp((s - m1))); acc1 = sum(exp((s - m1)) * value);
// CHECK-NEXT:     rescaled: m1 = max(s)
// CHECK-NEXT:   out = (1 / l1) * acc1
// CHECK-NEXT:   lse = (log(l1) + m1)
// CHECK-NEXT:   merge by maximum and scale
// CHECK-LABEL: weights of 'off_by_one': 1 pass
// CHECK-NEXT:   pass 1: l1 = sum(exp((s - m1))); acc1 = sum(exp((s - m1)) * value);
// CHECK-NEXT:     rescaled: m1 = max(s) from 0
// CHECK-NEXT:   out = (1 / (l1 + exp((-1 * m1)))) * acc1
// CHECK-NEXT:   lse = (log((l1 + exp((-1 * m1)))) + m1)
// CHECK-NEXT:   merge by maximum and scale
// CHECK-LABEL: weights of 'learned_sink': 1 pass
// CHECK-NEXT:   pass 1: l1 = sum(exp((s - m1))); acc1 = sum(exp((s - m1)) * value);
// CHECK-NEXT:     rescaled: m1 = max(s) from sink[h]
// CHECK-NEXT:   out = (1 / (l1 + exp((sink[h] - m1)))) * acc1
// CHECK-NEXT:   lse = (log((l1 + exp((sink[h] - m1)))) + m1)
// CHECK-NEXT:   merge by maximum and scale
// CHECK-LABEL: weights of 'sigmoid': 1 pass
// CHECK-NEXT:   pass 1: acc1 = sum((1 / (exp((-1 * s)) + 1)) * value);
// CHECK-NEXT:     additive, non-negative, bounded
// CHECK-NEXT:   out = 1 * acc1
// CHECK-NEXT:   merge by addition
// CHECK-LABEL: weights of 'relu_squared_over_count': 1 pass
// CHECK-NEXT:   pass 1: acc1 = sum((max(s, 0) * max(s, 0)) * value);
// CHECK-NEXT:     additive, non-negative, grows with degree 2
// CHECK-NEXT:   out = (1 / count) * acc1
// CHECK-NEXT:   merge by addition
// CHECK-LABEL: weights of 'laplace': 1 pass
// CHECK-NEXT:   pass 1: acc1 = sum((erf(((s - 0.707107) * 0.5)) + 1) * value);
// CHECK-NEXT:     additive, non-negative, bounded
// CHECK-NEXT:   out = 0.5 * acc1
// CHECK-NEXT:   merge by addition
// CHECK-LABEL: weights of 'softplus_normalized': 1 pass
// CHECK-NEXT:   pass 1: l1 = sum((max(s, 0) + log1p(exp((-1 * abs(s)))))); acc1 = sum((max(s, 0) + log1p(exp((-1 * abs(s))))) * value);
// CHECK-NEXT:     additive, non-negative, grows with degree 1
// CHECK-NEXT:   out = (1 / l1) * acc1
// CHECK-NEXT:   lse = log(l1)
// CHECK-NEXT:   merge by addition
// CHECK-LABEL: weights of 'relu15_normalized': 1 pass
// CHECK-NEXT:   pass 1: l1 = sum(exp(((15 * log(max(s, 0))) - m1))); acc1 = sum(exp(((15 * log(max(s, 0))) - m1)) * value);
// CHECK-NEXT:     rescaled: m1 = max((15 * log(max(s, 0))))
// CHECK-NEXT:   out = (1 / l1) * acc1
// CHECK-NEXT:   lse = (log(l1) + m1)
// CHECK-NEXT:   merge by maximum and scale
// CHECK-LABEL: weights of 'clipped_softmax': 2 passes
// CHECK-NEXT:   pass 1: l1 = sum(exp((s - m1)));
// CHECK-NEXT:     rescaled: m1 = max(s)
// CHECK-NEXT:   pass 2: acc1 = sum(min(max((((exp((s - m1)) / l1) * 1.003) + -0.003), 0), 1) * value);
// CHECK-NEXT:     additive, non-negative, bounded
// CHECK-NEXT:   out = 1 * acc1
// CHECK-NEXT:   merge pass by pass
// CHECK-LABEL: weights of 'gaussian_after_softmax': 1 pass
// CHECK-NEXT:   pass 1: l1 = sum(exp((s - m1))); acc1 = sum((exp((s - m1)) * exp((-1 * (bias[j] * bias[j])))) * value);
// CHECK-NEXT:     rescaled: m1 = max(s)
// CHECK-NEXT:   out = (1 / l1) * acc1
// CHECK-NEXT:   merge by maximum and scale
// CHECK-LABEL: weights of 'retnet_clamped': 1 pass
// CHECK-NEXT:   pass 1: l1 = sum(s); acc1 = sum(s * value);
// CHECK-NEXT:     additive, signed, grows with degree 1
// CHECK-NEXT:   out = (1 / max(abs(l1), 1)) * acc1
// CHECK-NEXT:   lse = log(max(abs(l1), 1))
// CHECK-NEXT:   merge by addition
// CHECK-LABEL: weights of 'softpick': 1 pass
// CHECK-NEXT:   pass 1: l1 = sum(abs((exp((s - m1)) - exp((-1 * m1))))); acc1 = sum(max((exp((s - m1)) - exp((-1 * m1))), 0) * value);
// CHECK-NEXT:     rescaled: m1 = max(s) from 0
// CHECK-NEXT:   out = (1 / (l1 + (1e-06 * exp((-1 * m1))))) * acc1
// CHECK-NEXT:   lse = (log((l1 + (1e-06 * exp((-1 * m1))))) + m1)
// CHECK-NEXT:   merge by maximum and scale
// CHECK-LABEL: weights of 'exp_unnormalized': 1 pass
// CHECK-NEXT:   pass 1: acc1 = sum(exp(s) * value);
// CHECK-NEXT:     additive, non-negative, may overflow
// CHECK-NEXT:   out = 1 * acc1
// CHECK-NEXT:   merge by addition
// CHECK-LABEL: weights of 'exp_clamped': 1 pass
// CHECK-NEXT:   pass 1: acc1 = sum(exp(min(s, 5)) * value);
// CHECK-NEXT:     additive, non-negative, bounded
// CHECK-NEXT:   out = 1 * acc1
// CHECK-NEXT:   merge by addition
// CHECK-LABEL: weights of 'entropy_temperature': 2 passes
// CHECK-NEXT:   pass 1: l1 = sum(exp((s - m1))); l2 = sum((exp((s - m1)) * s));
// CHECK-NEXT:     rescaled: m1 = max(s)
// CHECK-NEXT:   pass 2: l3 = sum(exp(((s * ((log(l1) + m1) - (l2 / l1))) - m2))); acc1 = sum(exp(((s * ((log(l1) + m1) - (l2 / l1))) - m2)) * value);
// CHECK-NEXT:     rescaled: m2 = max((s * ((log(l1) + m1) - (l2 / l1))))
// CHECK-NEXT:   out = (1 / l3) * acc1
// CHECK-NEXT:   lse = (log(l3) + m2)
// CHECK-NEXT:   merge pass by pass
// CHECK-LABEL: weights of 'redistribute': 1 pass
// CHECK-NEXT:   pass 1: l1 = sum(exp((s - m1))); l2 = sum(select(class[j], exp((s - m1)), 0)); acc1 = sum(select(class[j], exp((s - m1)), 0) * value); acc2 = sum(select(class[j], 0, exp((s - m1))) * value);
// CHECK-NEXT:     rescaled: m1 = max(s)
// CHECK-NEXT:   out = (0.5 * (1 / l1)) * acc1 + ((1 + ((((1 / l1) * l2) * 0.5) / (1 - ((1 / l1) * l2)))) * (1 / l1)) * acc2
// CHECK-NEXT:   merge by maximum and scale
// CHECK-LABEL: weights of 'double_exp': 1 pass
// CHECK-NEXT:   pass 1: l1 = sum(exp((exp(s) - m1))); acc1 = sum(exp((exp(s) - m1)) * value);
// CHECK-NEXT:     rescaled: m1 = max(exp(s))
// CHECK-NEXT:   out = (1 / l1) * acc1
// CHECK-NEXT:   lse = (log(l1) + m1)
// CHECK-NEXT:   merge by maximum and scale
// CHECK-LABEL: weights of 'differential': 1 pass
// CHECK-NEXT:   pass 1: l1 = sum(exp((s - m1))); l2 = sum(exp((s2 - m2))); acc1 = sum(exp((s - m1)) * value); acc2 = sum(exp((s2 - m2)) * value);
// CHECK-NEXT:     rescaled: m1 = max(s)
// CHECK-NEXT:     rescaled: m2 = max(s2)
// CHECK-NEXT:   out = (1 / l1) * acc1 + (-1 * (lambda * (1 / l2))) * acc2
// CHECK-NEXT:   merge by maximum and scale
// CHECK-LABEL: weights of 'entropy_guarded': 2 passes
// CHECK-NEXT:   pass 1: l1 = sum(exp((s - m1))); l2 = sum((exp((s - m1)) * s));
// CHECK-NEXT:     rescaled: m1 = max(s)
// CHECK-NEXT:   pass 2: l3 = sum(exp(((s * (((1 / l1) * l2) + (((1 / l1) * (-1 * (log(l1) + m1))) * l1))) - m2))); acc1 = sum(exp(((s * (((1 / l1) * l2) + (((1 / l1) * (-1 * (log(l1) + m1))) * l1))) - m2)) * value);
// CHECK-NEXT:     rescaled: m2 = max((s * (((1 / l1) * l2) + (((1 / l1) * (-1 * (log(l1) + m1))) * l1))))
// CHECK-NEXT:   out = (1 / l3) * acc1
// CHECK-NEXT:   lse = (log(l3) + m2)
// CHECK-NEXT:   merge pass by pass
// CHECK-LABEL: weights of 'mixed_condition': 1 pass
// CHECK-NEXT:   pass 1: l1 = sum(exp((s - m1))); l2 = sum(select(class[j], exp((s - m1)), 0)); acc1 = sum(select(class[j], exp((s - m1)), 0) * value); acc2 = sum(select(class[j], 0, exp((s - m1))) * value);
// CHECK-NEXT:     rescaled: m1 = max(s)
// CHECK-NEXT:   out = (1 / l1) * acc1 + (select(cmpf(((1 / l1) * l2), 0.5), (1 / l1), 0) + select(cmpf(((1 / l1) * l2), 0.5), 0, (((1 / l1) * l2) * (1 / l1)))) * acc2
// CHECK-NEXT:   merge by maximum and scale
// CHECK-LABEL: weights of 'halved': 1 pass
// CHECK-NEXT:   pass 1: l1 = sum(exp((s - m1))); acc1 = sum(select(class[j], (0.5 * exp((s - m1))), exp((s - m1))) * value);
// CHECK-NEXT:     rescaled: m1 = max(s)
// CHECK-NEXT:   out = (1 / l1) * acc1
// CHECK-NEXT:   merge by maximum and scale

!a = !attn.attention<[B, H, N], vector<16xf32>>
attn.pattern @weights {
  %q = attn.input "q" : !attn.field<[B, H, N], vector<16xf32>>
  %sink = attn.input "sink" : !attn.field<[H], f32>
  %bias = attn.input "bias" : !attn.field<[M], f32>
  %class = attn.input "class" : !attn.field<[M], i1>
  %zero = arith.constant 0.0 : f32
  %half = arith.constant 0.5 : f32
  %one = arith.constant 1.0 : f32
  %five = arith.constant 5.0 : f32
  %p15 = arith.constant 15.0 : f32
  %eps = arith.constant 1.0e-6 : f32
  %mu = arith.constant 0.70710678 : f32
  %zeta = arith.constant 1.003 : f32
  %gamma = arith.constant -0.003 : f32
  %lambda = attn.param "lambda" : f32
  %true = arith.constant true
  %row = arith.constant dense<1.0> : vector<16xf32>
  %B = attn.extent "B"
  %H = attn.extent "H"
  %N = attn.extent "N"
  %M = attn.extent "M"
  %softmax = attn.attend "softmax" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask { attn.yield %true : i1 } score { attn.yield %one : f32 } weights (%s: f32) {
    %e = math.exp %s : f32
    %l = attn.rowsum %e
    %w = attn.div %e, %l : f32
    attn.yield %w : f32
  } value { attn.yield %row : vector<16xf32> } : !a
  %off_by_one = attn.attend "off_by_one" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask { attn.yield %true : i1 } score { attn.yield %one : f32 } weights (%s: f32) {
    %e = math.exp %s : f32
    %l = attn.rowsum %e
    %d = arith.addf %l, %one : f32
    %w = attn.div %e, %d : f32
    attn.yield %w : f32
  } value { attn.yield %row : vector<16xf32> } : !a
  %learned_sink = attn.attend "learned_sink" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask { attn.yield %true : i1 } score { attn.yield %one : f32 } weights (%s: f32) {
    %e = math.exp %s : f32
    %l = attn.rowsum %e
    %b0 = attn.at %sink[%h] : !attn.field<[H], f32>
    %x = math.exp %b0 : f32
    %d = arith.addf %l, %x : f32
    %w = attn.div %e, %d : f32
    attn.yield %w : f32
  } value { attn.yield %row : vector<16xf32> } : !a
  %sigmoid = attn.attend "sigmoid" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask { attn.yield %true : i1 } score { attn.yield %one : f32 } weights (%s: f32) {
    %n = arith.negf %s : f32
    %e = math.exp %n : f32
    %d = arith.addf %e, %one : f32
    %w = attn.div %one, %d : f32
    attn.yield %w : f32
  } value { attn.yield %row : vector<16xf32> } : !a
  %relu_squared_over_count = attn.attend "relu_squared_over_count" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask { attn.yield %true : i1 } score { attn.yield %one : f32 } weights (%s: f32) {
    %r = arith.maximumf %s, %zero : f32
    %r2 = arith.mulf %r, %r : f32
    %c = attn.count
    %c6 = arith.index_cast %c : index to i64
    %cf = arith.sitofp %c6 : i64 to f32
    %w = attn.div %r2, %cf : f32
    attn.yield %w : f32
  } value { attn.yield %row : vector<16xf32> } : !a
  %laplace = attn.attend "laplace" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask { attn.yield %true : i1 } score { attn.yield %one : f32 } weights (%s: f32) {
    %m = arith.subf %s, %mu : f32
    %q1 = arith.mulf %m, %half : f32
    %e = math.erf %q1 : f32
    %p = arith.addf %e, %one : f32
    %w = arith.mulf %p, %half : f32
    attn.yield %w : f32
  } value { attn.yield %row : vector<16xf32> } : !a
  %softplus_normalized = attn.attend "softplus_normalized" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask { attn.yield %true : i1 } score { attn.yield %one : f32 } weights (%s: f32) {
    %a = math.absf %s : f32
    %n = arith.negf %a : f32
    %t = math.exp %n : f32
    %t1 = math.log1p %t : f32
    %r = arith.maximumf %s, %zero : f32
    %u = arith.addf %r, %t1 : f32
    %l = attn.rowsum %u
    %w = attn.div %u, %l : f32
    attn.yield %w : f32
  } value { attn.yield %row : vector<16xf32> } : !a
  %relu15_normalized = attn.attend "relu15_normalized" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask { attn.yield %true : i1 } score { attn.yield %one : f32 } weights (%s: f32) {
    %r = arith.maximumf %s, %zero : f32
    %p = math.powf %r, %p15 : f32
    %l = attn.rowsum %p
    %w = attn.div %p, %l : f32
    attn.yield %w : f32
  } value { attn.yield %row : vector<16xf32> } : !a
  %clipped_softmax = attn.attend "clipped_softmax" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask { attn.yield %true : i1 } score { attn.yield %one : f32 } weights (%s: f32) {
    %e = math.exp %s : f32
    %l = attn.rowsum %e
    %a = attn.div %e, %l : f32
    %b0 = arith.mulf %a, %zeta : f32
    %c = arith.addf %b0, %gamma : f32
    %d = arith.maximumf %c, %zero : f32
    %w = arith.minimumf %d, %one : f32
    attn.yield %w : f32
  } value { attn.yield %row : vector<16xf32> } : !a
  %gaussian_after_softmax = attn.attend "gaussian_after_softmax" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask { attn.yield %true : i1 } score { attn.yield %one : f32 } weights (%s: f32) {
    %e = math.exp %s : f32
    %l = attn.rowsum %e
    %a = attn.div %e, %l : f32
    %g0 = attn.at %bias[%j] : !attn.field<[M], f32>
    %g1 = arith.mulf %g0, %g0 : f32
    %g2 = arith.negf %g1 : f32
    %g3 = math.exp %g2 : f32
    %w = arith.mulf %a, %g3 : f32
    attn.yield %w : f32
  } value { attn.yield %row : vector<16xf32> } : !a
  %retnet_clamped = attn.attend "retnet_clamped" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask { attn.yield %true : i1 } score { attn.yield %one : f32 } weights (%s: f32) {
    %l = attn.rowsum %s
    %a = math.absf %l : f32
    %d = arith.maximumf %a, %one : f32
    %w = attn.div %s, %d : f32
    attn.yield %w : f32
  } value { attn.yield %row : vector<16xf32> } : !a
  %softpick = attn.attend "softpick" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask { attn.yield %true : i1 } score { attn.yield %one : f32 } weights (%s: f32) {
    %e = math.exp %s : f32
    %m = arith.subf %e, %one : f32
    %r = arith.maximumf %m, %zero : f32
    %a = math.absf %m : f32
    %l = attn.rowsum %a
    %d = arith.addf %l, %eps : f32
    %w = attn.div %r, %d : f32
    attn.yield %w : f32
  } value { attn.yield %row : vector<16xf32> } : !a
  %exp_unnormalized = attn.attend "exp_unnormalized" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask { attn.yield %true : i1 } score { attn.yield %one : f32 } weights (%s: f32) {
    %w = math.exp %s : f32
    attn.yield %w : f32
  } value { attn.yield %row : vector<16xf32> } : !a
  %exp_clamped = attn.attend "exp_clamped" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask { attn.yield %true : i1 } score { attn.yield %one : f32 } weights (%s: f32) {
    %c = arith.minimumf %s, %five : f32
    %w = math.exp %c : f32
    attn.yield %w : f32
  } value { attn.yield %row : vector<16xf32> } : !a
  %entropy_temperature = attn.attend "entropy_temperature" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask { attn.yield %true : i1 } score { attn.yield %one : f32 } weights (%s: f32) {
    %e = math.exp %s : f32
    %l = attn.rowsum %e
    %es = arith.mulf %e, %s : f32
    %t = attn.rowsum %es
    %a = attn.div %t, %l : f32
    %g = math.log %l : f32
    %en = arith.subf %g, %a : f32
    %s2 = arith.mulf %s, %en : f32
    %e2 = math.exp %s2 : f32
    %l2 = attn.rowsum %e2
    %w = attn.div %e2, %l2 : f32
    attn.yield %w : f32
  } value { attn.yield %row : vector<16xf32> } : !a
  %redistribute = attn.attend "redistribute" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask { attn.yield %true : i1 } score { attn.yield %one : f32 } weights (%s: f32) {
    %e = math.exp %s : f32
    %l = attn.rowsum %e
    %p = attn.div %e, %l : f32
    %k = attn.at %class[%j] : !attn.field<[M], i1>
    %in = arith.select %k, %p, %zero : f32
    %mass = attn.rowsum %in
    %rest = arith.subf %one, %mass : f32
    %freed = arith.mulf %mass, %half : f32
    %ratio = attn.div %freed, %rest : f32
    %grow = arith.addf %one, %ratio : f32
    %x = arith.mulf %p, %half : f32
    %y = arith.mulf %p, %grow : f32
    %w = arith.select %k, %x, %y : f32
    attn.yield %w : f32
  } value { attn.yield %row : vector<16xf32> } : !a
  %double_exp = attn.attend "double_exp" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask { attn.yield %true : i1 } score { attn.yield %one : f32 } weights (%s: f32) {
    %e = math.exp %s : f32
    %f = math.exp %e : f32
    %l = attn.rowsum %f
    %w = attn.div %f, %l : f32
    attn.yield %w : f32
  } value { attn.yield %row : vector<16xf32> } : !a
  %differential = attn.attend "differential" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask { attn.yield %true : i1 } score { attn.yield %one, %half : f32, f32 } weights (%s: f32, %t: f32) {
    %e = math.exp %s : f32
    %l = attn.rowsum %e
    %p = attn.div %e, %l : f32
    %f = math.exp %t : f32
    %m = attn.rowsum %f
    %r = attn.div %f, %m : f32
    %x = arith.mulf %lambda, %r : f32
    %w = arith.subf %p, %x : f32
    attn.yield %w : f32
  } value { attn.yield %row : vector<16xf32> } : !a
  // x log x behind a guard: the entropy needs no pass of its own.
  %entropy_guarded = attn.attend "entropy_guarded" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask { attn.yield %true : i1 } score { attn.yield %one : f32 } weights (%s: f32) {
    %e = math.exp %s : f32
    %l = attn.rowsum %e
    %p = attn.div %e, %l : f32
    %none = arith.cmpf oeq, %p, %zero : f32
    %lg = math.log %p : f32
    %pl = arith.mulf %p, %lg : f32
    %x = arith.select %none, %zero, %pl : f32
    %h0 = attn.rowsum %x
    %t = arith.mulf %s, %h0 : f32
    %e2 = math.exp %t : f32
    %l2 = attn.rowsum %e2
    %w = attn.div %e2, %l2 : f32
    attn.yield %w : f32
  } value { attn.yield %row : vector<16xf32> } : !a
  // A condition on the key or on the row is taken apart.
  %mixed_condition = attn.attend "mixed_condition" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask { attn.yield %true : i1 } score { attn.yield %one : f32 } weights (%s: f32) {
    %e = math.exp %s : f32
    %l = attn.rowsum %e
    %p = attn.div %e, %l : f32
    %k = attn.at %class[%j] : !attn.field<[M], i1>
    %in = arith.select %k, %p, %zero : f32
    %mass = attn.rowsum %in
    %few = arith.cmpf olt, %mass, %half : f32
    %either = arith.ori %k, %few : i1
    %y = arith.mulf %p, %mass : f32
    %w = arith.select %either, %p, %y : f32
    attn.yield %w : f32
  } value { attn.yield %row : vector<16xf32> } : !a
  // Both sides share their denominator.
  %halved = attn.attend "halved" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask { attn.yield %true : i1 } score { attn.yield %one : f32 } weights (%s: f32) {
    %e = math.exp %s : f32
    %l = attn.rowsum %e
    %p = attn.div %e, %l : f32
    %k = attn.at %class[%j] : !attn.field<[M], i1>
    %q0 = arith.mulf %p, %half : f32
    %w = arith.select %k, %q0, %p : f32
    attn.yield %w : f32
  } value { attn.yield %row : vector<16xf32> } : !a
  %o = attn.result out %softmax : !a
  attn.output "out" %o : !attn.field<[B, H, N], vector<16xf32>>
}
