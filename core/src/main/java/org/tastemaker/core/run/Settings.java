package org.tastemaker.core.run;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Settings as texts by name: what a run was made with, compared with what it is to be resumed with.
 *
 * <pre>{@code
 * Settings settings = Settings.of(options).with("seed", seed.key());
 * List<String> differences = settings.differencesFrom(saved, "in the checkpoint");
 * // "clipRange is 1.0E-4 in the checkpoint and 0.001 now"
 * }</pre>
 *
 * <p>A record gives an entry for each of its components, so that none can be forgotten. A record
 * within it gives entries with its name and a dot before theirs. The texts do not depend on the
 * machine's language: a run begun under one default locale can be resumed under another. Doubles
 * are written with all the digits that tell them apart.
 *
 * @param values in the order of their names
 */
public record Settings(Map<String, String> values) {
  /**
   * Settings that are known as texts already, such as those of a file.
   *
   * @param values copied
   */
  public Settings {
    values = Collections.unmodifiableMap(new TreeMap<>(values));
  }

  /**
   * No settings.
   *
   * @return to be filled by {@link #with}
   */
  public static Settings none() {
    return new Settings(Map.of());
  }

  /**
   * The components of a record.
   *
   * @param record of numbers, texts, booleans, enums, paths, times, optional values, collections,
   *     and records of them
   * @param except names of components to leave out: those that change nothing, or that {@link
   *     #with} describes because they are functions
   * @return the settings
   * @throws IllegalArgumentException if a component is of another type, which the message names, or
   *     if there is none of a name to leave out
   */
  public static Settings of(Record record, String... except) {
    Map<String, String> values = new TreeMap<>();
    SettingsText.components(record, "", List.of(except), values);
    return new Settings(values);
  }

  /**
   * These settings and another one.
   *
   * @param name replaces the one of this name
   * @param value of a type that {@link #of} takes as a component; a record and other settings give
   *     an entry for each of their own, with the name and a dot before it; null is "none"
   * @return new settings
   * @throws IllegalArgumentException if it is of another type
   */
  public Settings with(String name, @Nullable Object value) {
    Map<String, String> more = new TreeMap<>(values);
    if (SettingsText.bare(value) instanceof Settings settings) {
      settings.values.forEach((part, text) -> more.put(name + "." + part, text));
    } else {
      SettingsText.put(name, value, more);
    }
    return new Settings(more);
  }

  /**
   * All settings of both.
   *
   * @param others of other names
   * @return new settings
   * @throws IllegalArgumentException if both have a setting of the same name: one of them would be
   *     lost
   */
  public Settings and(Settings others) {
    Map<String, String> more = new TreeMap<>(values);
    others.values.forEach(
        (name, value) -> {
          if (more.putIfAbsent(name, value) != null) {
            throw new IllegalArgumentException(
                "both settings have a \"" + name + "\"; give one of them another name");
          }
        });
    return new Settings(more);
  }

  /**
   * What is different now.
   *
   * @param earlier settings of the same kind
   * @param where the earlier ones are, such as {@code "in the checkpoint"}
   * @return a sentence for each setting that differs or that only one of them has, by name; empty
   *     where they are equal
   */
  public List<String> differencesFrom(Settings earlier, String where) {
    TreeSet<String> names = new TreeSet<>(values.keySet());
    names.addAll(earlier.values.keySet());
    List<String> differences = new ArrayList<>();
    for (String name : names) {
      String then = earlier.values.getOrDefault(name, "not set");
      String now = values.getOrDefault(name, "not set");
      if (!then.equals(now)) {
        differences.add(name + " is " + then + " " + where + " and " + now + " now");
      }
    }
    return differences;
  }

  /**
   * Requires that nothing is different now, so that what was begun with other settings is not gone
   * on with.
   *
   * @param earlier settings of the same kind
   * @param where the earlier ones are, such as {@code "in the checkpoint"}
   * @param problem what it means if they differ, such as {@code "the checkpoint in A is of a run
   *     with other settings"}
   * @param instead what can be done then, other than to use the same settings, such as {@code
   *     "begin a new run"}
   * @throws IllegalArgumentException if some differ; the message lists each with both values
   */
  public void requireSameAs(Settings earlier, String where, String problem, String instead) {
    List<String> unused = requireSameAs(earlier, where, problem, instead, Set.of());
  }

  /**
   * Requires that nothing is different now but what may change while a run goes on, such as a
   * learning rate.
   *
   * @param earlier settings of the same kind
   * @param where the earlier ones are, such as {@code "in the checkpoint"}
   * @param problem what it means if they differ, such as {@code "the checkpoint in A is of a run
   *     with other settings"}
   * @param instead what can be done then, other than to use the same settings, such as {@code
   *     "begin a new run"}
   * @param mayChange names of settings that may differ
   * @return what differs among these, a sentence each; empty where nothing does
   * @throws IllegalArgumentException if others differ; the message lists each with both values
   */
  public List<String> requireSameAs(
      Settings earlier, String where, String problem, String instead, Set<String> mayChange) {
    List<String> differences =
        without(mayChange).differencesFrom(earlier.without(mayChange), where);
    if (!differences.isEmpty()) {
      throw new IllegalArgumentException(
          problem
              + ": "
              + String.join("; ", differences)
              + ". Use the same settings to resume it"
              + (mayChange.isEmpty()
                  ? ""
                  : " (only these may change: " + String.join(", ", new TreeSet<>(mayChange)) + ")")
              + ", or "
              + instead);
    }
    return differencesFrom(earlier, where);
  }

  private Settings without(Set<String> names) {
    Map<String, String> left = new TreeMap<>(values);
    left.keySet().removeAll(names);
    return new Settings(left);
  }
}
