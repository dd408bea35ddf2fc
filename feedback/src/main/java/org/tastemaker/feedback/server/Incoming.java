package org.tastemaker.feedback.server;

import org.jspecify.annotations.Nullable;

/**
 * A request.
 *
 * @param number from 0
 * @param method such as {@code POST}
 * @param path such as {@code /v1/responses}
 * @param query what follows the question mark, as it came; empty if there is none
 * @param authorization the value of that header, or null
 * @param contentType the value of that header, or an empty text
 * @param body as text
 */
record Incoming(
    long number,
    String method,
    String path,
    String query,
    @Nullable String authorization,
    String contentType,
    String body) {}
