package org.tastemaker.diffusion.lora;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.tastemaker.diffusion.model.ParameterSpec;
import org.tastemaker.diffusion.model.Parameters;

/**
 * Which linear layers and convolutions get a branch.
 *
 * @param names as PEFT's {@code target_modules}: a layer matches if its path is the name or ends
 *     with a dot and the name
 * @param expressions regular expressions; a layer matches if one matches its whole path
 */
public record LoraTargets(ImmutableList<String> names, ImmutableList<String> expressions) {
  /** Checks that there is a target, that none is empty and that expressions are well formed. */
  public LoraTargets {
    if (names.isEmpty() && expressions.isEmpty()) {
      throw new IllegalArgumentException("targets must name at least one layer, but are empty");
    }
    for (String name : names) {
      if (name.isEmpty()) {
        throw new IllegalArgumentException("a target's name must not be empty; names: " + names);
      }
    }
    for (String expression : expressions) {
      try {
        Pattern.compile(expression);
      } catch (PatternSyntaxException e) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "target \"%s\" is not a regular expression: %s",
                expression,
                e.getDescription()),
            e);
      }
    }
  }

  /**
   * The projections of attention in a U-Net, which is what is usually adapted.
   *
   * @return to_q, to_k, to_v and to_out.0
   */
  public static LoraTargets attention() {
    return named("to_q", "to_k", "to_v", "to_out.0");
  }

  /**
   * The projections of attention in CLIP's text encoder.
   *
   * @return q_proj, k_proj, v_proj and out_proj
   */
  public static LoraTargets textAttention() {
    return named("q_proj", "k_proj", "v_proj", "out_proj");
  }

  /**
   * Layers by the end of their path.
   *
   * @param names such as {@code to_q} or {@code mid_block.attentions.0.proj_in}
   * @return the targets
   */
  public static LoraTargets named(String... names) {
    return new LoraTargets(ImmutableList.copyOf(names), ImmutableList.of());
  }

  /**
   * Layers whose whole path a regular expression matches.
   *
   * @param expressions such as {@code up_blocks\..*\.conv[12]}
   * @return the targets
   */
  public static LoraTargets matching(String... expressions) {
    return new LoraTargets(ImmutableList.of(), ImmutableList.copyOf(expressions));
  }

  /**
   * What a new LoRA adds to the layers that the targets match.
   *
   * @throws IllegalArgumentException if a target matches no layer of the network, or a pattern none
   *     of the layers that are chosen
   */
  ImmutableMap<String, LoraModule> modules(
      LoraNetwork network, Parameters base, int rank, double alpha, LoraPatterns patterns) {
    Set<String> unmatched = new LinkedHashSet<>(names);
    unmatched.addAll(expressions);
    ImmutableMap.Builder<String, LoraModule> chosen = ImmutableMap.builder();
    for (ParameterSpec weight : base.specs().values()) {
      if (LoraModule.isAdaptable(weight)) {
        String path = LoraParameters.path(weight);
        ImmutableList<String> matches = matches(path);
        if (!matches.isEmpty()) {
          int r = patterns.rank(network, path).orElse(rank);
          double a = patterns.alpha(network, path).orElse(alpha);
          chosen.put(path, new LoraModule(path, weight, r, a));
          matches.forEach(unmatched::remove);
        }
      }
    }
    if (!unmatched.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "targets %s match no linear layer or convolution of the %s; its layers are named like %s",
              unmatched,
              network.prefix(),
              base.specs().values().stream()
                  .filter(LoraModule::isAdaptable)
                  .map(LoraParameters::path)
                  .limit(3)
                  .toList()));
    }
    ImmutableMap<String, LoraModule> modules = chosen.buildOrThrow();
    patterns.requireMatches(network, modules.keySet());
    return modules;
  }

  /** The targets that match a layer's path, as text. */
  ImmutableList<String> matches(String path) {
    ImmutableList.Builder<String> matches = ImmutableList.builder();
    names.stream()
        .filter(name -> path.equals(name) || path.endsWith("." + name))
        .forEach(matches::add);
    expressions.stream()
        .filter(expression -> Pattern.matches(expression, path))
        .forEach(matches::add);
    return matches.build();
  }
}
