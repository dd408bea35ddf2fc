package org.tastemaker.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Why judgements are missing, counted by kind. Two reasons are of one kind where they differ only
 * in numbers, names of requests and the like; a judge says the kind in the {@linkplain #KINDS
 * provenance}, so that the words of two refusals need not agree.
 *
 * @param kind what is compared, see {@link #kindsOf}
 * @param words the first reason of this kind, for a person to read
 * @param groups how many judgements are missing for it, at least 1
 */
public record MissingReason(String kind, String words, long groups) {
  /**
   * The entry of a {@linkplain Judgement#provenance judgement's provenance} that says the kinds of
   * its failures, with a line feed between two.
   */
  public static final String KINDS = "failureKinds";

  private static final int LONGEST = 160;

  public MissingReason {
    Objects.requireNonNull(kind, "kind == null");
    Objects.requireNonNull(words, "words == null");
    if (groups < 1) {
      throw new IllegalArgumentException(
          "a reason is of at least 1 missing judgement, but was of " + groups);
    }
  }

  /**
   * The reasons of those judgements that are missing.
   *
   * @param judgements any; those that are there are passed over
   * @return a reason for each kind, the most frequent first
   */
  public static List<MissingReason> of(Iterable<Judgement> judgements) {
    Map<String, MissingReason> byKind = new LinkedHashMap<>();
    for (Judgement judgement : judgements) {
      String words = judgement.missingReason();
      if (words != null) {
        add(byKind, String.join("\n", kindsOf(judgement)), words, 1);
      }
    }
    return sorted(byKind);
  }

  /**
   * All reasons of two lists.
   *
   * @param some reasons
   * @param others further ones
   * @return a reason for each kind, the most frequent first
   */
  public static List<MissingReason> join(List<MissingReason> some, List<MissingReason> others) {
    Map<String, MissingReason> byKind = new LinkedHashMap<>();
    some.forEach(reason -> add(byKind, reason.kind, reason.words, reason.groups));
    others.forEach(reason -> add(byKind, reason.kind, reason.words, reason.groups));
    return sorted(byKind);
  }

  /**
   * The kinds of the failures for which a judgement is missing: those that its provenance names,
   * otherwise that of its reason.
   *
   * @param judgement any
   * @return empty for a judgement that is there
   */
  public static Set<String> kindsOf(Judgement judgement) {
    String reason = judgement.missingReason();
    if (reason == null) {
      return Set.of();
    }
    String named = judgement.provenance().get(KINDS);
    return named == null || named.isBlank()
        ? Set.of(kindOf(reason))
        : new TreeSet<>(Arrays.asList(named.split("\n", -1)));
  }

  /**
   * What is the same in two messages about the same failure: numbers, names with digits and long
   * names of requests do not count.
   *
   * @param words a message
   * @return in lower case, shortened
   */
  public static String kindOf(String words) {
    String kind =
        Arrays.stream(words.toLowerCase(Locale.ROOT).split("[\\s,;:()\\[\\]{}\"'`=]+", -1))
            .filter(word -> !word.isEmpty())
            .map(word -> isName(word) ? "#" : word)
            .collect(Collectors.joining(" "));
    return kind.length() <= LONGEST ? kind : kind.substring(0, LONGEST);
  }

  /**
   * Reasons in words.
   *
   * @param reasons such as {@link #of} gives
   * @return such as {@code 3 because: no image was sent; 1 because: ...}
   */
  public static String words(List<MissingReason> reasons) {
    return reasons.stream()
        .map(reason -> reason.groups + " because: " + reason.words)
        .collect(Collectors.joining("; "));
  }

  private static boolean isName(String word) {
    return word.matches(".*\\d.*") || (word.length() > 24 && !word.matches("[a-z_.-]+"));
  }

  private static void add(
      Map<String, MissingReason> byKind, String kind, String words, long groups) {
    byKind.merge(
        kind,
        new MissingReason(kind, words, groups),
        (a, b) -> new MissingReason(kind, a.words, a.groups + b.groups));
  }

  private static List<MissingReason> sorted(Map<String, MissingReason> byKind) {
    List<MissingReason> reasons = new ArrayList<>(byKind.values());
    reasons.sort(
        Comparator.comparingLong(MissingReason::groups)
            .reversed()
            .thenComparing(MissingReason::kind));
    return List.copyOf(reasons);
  }
}
