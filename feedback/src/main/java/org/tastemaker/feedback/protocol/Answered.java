package org.tastemaker.feedback.protocol;

import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;

/**
 * The outcome of a question.
 *
 * @param question the last attempt
 * @param verdict the answer, or null
 * @param failure why there is no answer, or null
 * @param usage of all attempts
 */
record Answered(
    Question question,
    @Nullable Verdict verdict,
    @Nullable FeedbackException failure,
    Usage usage) {}
