package org.tastemaker.feedback.server;

import org.jspecify.annotations.Nullable;

/**
 * A request, as HTTP gives it.
 *
 * @param number from 0
 * @param path such as {@code /v1/responses}
 * @param authorization the value of that header, or null
 * @param body as text
 */
record Incoming(long number, String path, @Nullable String authorization, String body) {}
