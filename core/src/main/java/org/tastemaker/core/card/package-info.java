/**
 * What a trained model says about itself: a {@code README.md} with the front matter that model hubs
 * read, and entries for the header of a safetensors file, which the lists of other programs show.
 *
 * <pre>{@code
 * ModelCard card = ModelCard.of("Red emoji").withLicense("apache-2.0").withRun(RunFolder.open(folder, Clock.systemUTC()));
 * }</pre>
 *
 * <p>A card never holds a key or a path of this machine ({@link
 * org.tastemaker.core.card.PublicText}).
 */
@NullMarked
package org.tastemaker.core.card;

import org.jspecify.annotations.NullMarked;
