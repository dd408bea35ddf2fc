package org.tastemaker.core;

import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * What a judge is asked to look at: named criteria, under a version.
 *
 * <p>The version is part of every cache key and of every record of a judgement. Change the text,
 * change the version: judgements under different versions are answers to different questions.
 *
 * @param name short and stable, such as {@code "consistency"}
 * @param version such as {@code "1"} or {@code "2026-11"}
 * @param instructions what to tell the judge before the criteria; may be empty
 * @param criteria at least one, with different names, in order of importance
 */
public record Rubric(String name, String version, String instructions, List<Criterion> criteria) {
  public Rubric {
    requireText(name, "a rubric's name");
    requireText(version, "the version of rubric '" + name + "'");
    Objects.requireNonNull(instructions, "instructions == null: use \"\" for none");
    criteria = List.copyOf(criteria);
    if (criteria.isEmpty()) {
      throw new IllegalArgumentException(
          "a rubric needs at least one criterion, but '" + name + "' has none");
    }
    Set<String> names = new HashSet<>();
    for (Criterion criterion : criteria) {
      if (!names.add(criterion.name())) {
        throw new IllegalArgumentException(
            "the criteria of a rubric need different names, but '"
                + name
                + "' has '"
                + criterion.name()
                + "' twice");
      }
    }
  }

  /**
   * A rubric of one criterion about single images, which takes the rubric's name.
   *
   * @param name short and stable
   * @param version changes with the text
   * @param description what makes an image better by this criterion
   * @return the rubric
   */
  public static Rubric of(String name, String version, String description) {
    return new Rubric(
        name, version, "", List.of(new Criterion(name, description, Scope.EACH_IMAGE)));
  }

  /**
   * Name and version in one word, for records and cache keys.
   *
   * @return {@code name@version}
   */
  public String id() {
    return name + "@" + version;
  }

  /**
   * One thing to look at.
   *
   * @param name short and stable
   * @param description what makes one image, or one set of images, better than another
   * @param scope whether it is about single images or about a set as a whole
   */
  public record Criterion(String name, String description, Scope scope) {
    public Criterion {
      requireText(name, "a criterion's name");
      requireText(description, "the description of criterion '" + name + "'");
      Objects.requireNonNull(scope, "scope == null");
    }
  }

  /** What a criterion is about. */
  public enum Scope {
    /** A single image can be judged by it: quality, consistency with the prompt, harm. */
    EACH_IMAGE,
    /** Only several images of a prompt together can be judged by it: freedom from bias. */
    SET_OF_IMAGES
  }

  private static void requireText(String value, String what) {
    Objects.requireNonNull(value, what + " == null");
    if (value.isBlank()) {
      throw new IllegalArgumentException(what + " must not be blank");
    }
  }
}
