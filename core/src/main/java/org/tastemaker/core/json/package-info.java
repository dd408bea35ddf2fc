/**
 * JSON, read strictly and written without loss: the one way to it for every module.
 *
 * <pre>{@code
 * JsonObject config = Json.readObject(folder.resolve("config.json"));
 * int channels = config.integer("in_channels");
 * String text = Json.writePretty(Map.of("format", 1, "seed", seed.key()));
 * }</pre>
 *
 * <p>Moshi reads and writes the tokens. What is stricter here: a name may stand once in an object,
 * nothing may follow the value, the input must be UTF-8, and its size is bounded before anything is
 * built from it ({@link org.tastemaker.core.json.JsonLimits}). Whole numbers keep all their digits,
 * where Moshi's adapters would read them as doubles. An error names the file and the path in it.
 */
@NullMarked
package org.tastemaker.core.json;

import org.jspecify.annotations.NullMarked;
