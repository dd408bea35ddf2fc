package org.tastemaker.feedback.study;

/**
 * Pairs that took no part, and why.
 *
 * @param section {@code all}, or the criterion's
 * @param reason in words
 * @param pairs how many
 */
public record Absence(String section, String reason, long pairs) {}
