package org.tastemaker.diffusion.lora;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Lists;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.engine.graph.Tensor;
import org.tastemaker.diffusion.model.Adapter;
import org.tastemaker.diffusion.model.Parameters;

/**
 * Several LoRAs of one network at once, each with a weight: {@code h = W x + sum_i weight_i
 * (alpha_i / r_i) B_i A_i x}.
 *
 * <p>A value: {@link #withWeight} gives another stack, for which the model builds another graph.
 * Stacks of the same LoRAs and weights are equal, so that a graph that is still in the model's
 * cache is reused. The caller owns the LoRAs.
 *
 * @param parts LoRAs of distinct names, all of the same network
 */
public record LoraStack(ImmutableList<Part> parts) implements Adapter {
  /**
   * A LoRA and its weight.
   *
   * @param lora the LoRA
   * @param weight finite; 1 for the effect that it was trained for, 0 for none
   */
  public record Part(Lora lora, double weight) {
    /** Checks the weight. */
    public Part {
      Lora.requireWeight(lora.name(), weight);
    }
  }

  /** Checks that names are distinct and the network is one. */
  public LoraStack {
    Set<String> names = new HashSet<>();
    for (Part part : parts) {
      if (!names.add(part.lora().name())) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "the LoRAs of a stack need distinct names, but two are named \"%s\"",
                part.lora().name()));
      }
    }
    if (parts.stream().map(part -> part.lora().network()).distinct().count() > 1) {
      throw new IllegalArgumentException(
          "a stack is for one network, but its LoRAs adapt "
              + parts.stream()
                  .map(part -> part.lora().name() + ": " + part.lora().network())
                  .collect(Collectors.joining(", ")));
    }
  }

  /**
   * A stack with the weight 1 for each.
   *
   * @param loras of distinct names, all of the same network
   * @return the stack
   */
  public static LoraStack of(Lora... loras) {
    return new LoraStack(
        ImmutableList.copyOf(loras).stream()
            .map(lora -> new Part(lora, 1))
            .collect(ImmutableList.toImmutableList()));
  }

  /**
   * This stack and one more LoRA.
   *
   * @param lora of a new name
   * @param weight finite
   * @return the stack
   */
  public LoraStack with(Lora lora, double weight) {
    return new LoraStack(
        ImmutableList.<Part>builder().addAll(parts).add(new Part(lora, weight)).build());
  }

  /**
   * This stack with another weight for one of its LoRAs.
   *
   * @param name of the LoRA
   * @param weight finite
   * @return the stack
   * @throws IllegalArgumentException if there is no LoRA of that name
   */
  public LoraStack withWeight(String name, double weight) {
    if (parts.stream().noneMatch(part -> part.lora().name().equals(name))) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "no LoRA \"%s\" in the stack; it has %s",
              name,
              parts.stream().map(part -> part.lora().name()).toList()));
    }
    return new LoraStack(
        parts.stream()
            .map(part -> part.lora().name().equals(name) ? new Part(part.lora(), weight) : part)
            .collect(ImmutableList.toImmutableList()));
  }

  @Override
  public @Nullable Branch branch(Site site) {
    List<Part> here =
        parts.stream().filter(part -> part.weight() != 0 && part.lora().hasBranch(site)).toList();
    if (here.isEmpty()) {
      return null;
    }
    return (layers, input, output) -> {
      Tensor sum = output;
      for (Part part : here) {
        sum = part.lora().add(layers, site, input, sum, part.weight());
      }
      return sum;
    };
  }

  /**
   * Merges every LoRA with its weight into the network's own weights. All are checked before the
   * first changes anything.
   *
   * @param base the network's parameters
   * @throws IllegalStateException if a LoRA is merged already
   * @throws LoraMismatchException if a LoRA does not fit
   */
  public void mergeInto(Parameters base) {
    parts.forEach(part -> part.lora().requireMergeable(base, part.weight()));
    List<Lora> merged = new ArrayList<>();
    try {
      for (Part part : parts) {
        part.lora().mergeInto(base, part.weight());
        merged.add(part.lora());
      }
    } catch (RuntimeException e) {
      Lists.reverse(merged).forEach(Lora::unmerge);
      throw e;
    }
  }

  /**
   * Unmerges every LoRA, the last first.
   *
   * @throws IllegalStateException if a LoRA is not merged; nothing has changed then
   */
  public void unmerge() {
    for (Part part : parts) {
      if (!part.lora().isMerged()) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT,
                "LoRA \"%s\" of the stack is not merged; call mergeInto first",
                part.lora().name()));
      }
    }
    parts.reverse().forEach(part -> part.lora().unmerge());
  }
}
