package org.tastemaker.diffusion.engine.onednn;

import com.google.common.collect.Sets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tastemaker.diffusion.engine.graph.Blocks;

/**
 * Gradient checkpointing: what only the layers of one block read in the forward half is not kept
 * for the backward half, which computes it again (Chen et al., "Training Deep Nets with Sublinear
 * Memory Cost", 2016, sec. 3).
 *
 * <p>It is a rewriting of steps. A block's steps are a stretch of the forward half. Where the
 * backward half first reads something that is not kept, those of the block's steps that lead to it
 * are put before, on buffers of their own; and what reads the old buffers reads these. The old ones
 * then end with the block, and the {@link Arena} gives their memory to the next one. All results
 * are the same to the last bit, for the same primitives compute them of the same numbers.
 */
final class Checkpoints {
  private Checkpoints() {}

  /**
   * A block's steps, and what is not kept of it.
   *
   * @param again the steps that compute it, in their order
   * @param others by buffer of the forward half, the one in its place
   */
  private record Block(List<Step> again, Map<Buffer, Buffer> others) {
    Buffer other(Buffer buffer) {
      return others.getOrDefault(buffer, buffer);
    }
  }

  /**
   * The backward half that computes again what the forward half need not keep.
   *
   * @param forward in the order of the run
   * @param backward in the order of the run
   * @return the new backward half
   */
  static List<Step> recompute(List<Step> forward, List<Step> backward) {
    // 1. What the backward half reads.
    Set<Buffer> read = new HashSet<>();
    backward.forEach(step -> read.addAll(step.buffers()));

    // 2. The blocks; of the last one, whose gradients come first, everything is still there.
    Map<Buffer, Block> blocks = new HashMap<>(); // by what is not kept
    List<Blocks.Stretch> stretches = Blocks.of(forward.stream().map(Step::layer).toList());
    for (Blocks.Stretch stretch : stretches.subList(0, stretches.size() - 1)) {
      Set<Buffer> inside = inside(forward, stretch);
      Set<Buffer> dropped = Sets.intersection(inside, read).immutableCopy();
      Block block = block(forward.subList(stretch.from(), stretch.to()), inside, dropped);
      dropped.forEach(buffer -> blocks.put(buffer, block));
    }

    // 3. Each block again, before its first reader.
    List<Step> steps = new ArrayList<>();
    Set<Block> done = new HashSet<>();
    for (Step step : backward) {
      Map<Buffer, Buffer> others = new HashMap<>();
      for (Buffer buffer : step.buffers()) {
        Block block = blocks.get(buffer);
        if (block != null) {
          others.put(buffer, block.other(buffer));
          if (done.add(block)) {
            block.again.forEach(one -> steps.add(one.on(block::other)));
          }
        }
      }
      steps.add(others.isEmpty() ? step : step.on(buffer -> others.getOrDefault(buffer, buffer)));
    }
    return steps;
  }

  /** What a stretch makes and no other step of the forward half reads. */
  private static Set<Buffer> inside(List<Step> forward, Blocks.Stretch stretch) {
    Set<Buffer> inside = new LinkedHashSet<>();
    for (Step step : forward.subList(stretch.from(), stretch.to())) {
      step.written().stream().filter(Buffer::isScratch).forEach(inside::add);
    }
    for (int i = 0; i < forward.size(); i++) {
      if (i < stretch.from() || i >= stretch.to()) {
        forward.get(i).buffers().forEach(inside::remove);
      }
    }
    return inside;
  }

  private static Block block(List<Step> steps, Set<Buffer> inside, Set<Buffer> dropped) {
    // From the last step to the first: what leads to the dropped buffers. All else is still there.
    Set<Buffer> wanted = new HashSet<>(dropped);
    List<Step> again = new ArrayList<>();
    for (int i = steps.size() - 1; i >= 0; i--) {
      Step step = steps.get(i);
      if (step.written().stream().anyMatch(wanted::contains)) {
        again.add(0, step);
        step.buffers().stream().filter(inside::contains).forEach(wanted::add);
      }
    }
    Map<Buffer, Buffer> others = new LinkedHashMap<>();
    for (Step step : again) {
      for (Buffer buffer : step.written()) {
        if (buffer.isScratch()) {
          others.computeIfAbsent(buffer, Buffer::another);
        }
      }
    }
    return new Block(List.copyOf(again), Map.copyOf(others));
  }
}
