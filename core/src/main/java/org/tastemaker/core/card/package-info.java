/**
 * What a trained model says about itself: a {@code README.md} with the front matter that model hubs
 * read, and entries for the header of a safetensors file, which the lists of other programs show.
 *
 * <pre>{@code
 * ModelCard card = ModelCard.of("Red emoji").withLicense(Optional.of("apache-2.0"));
 * Path readme = CardFile.write(folder, card, ModelCard.Kind.MODEL);
 * }</pre>
 *
 * <p>A card never holds a key, or a path from this machine's root, drive or home folder.
 */
@NullMarked
package org.tastemaker.core.card;

import org.jspecify.annotations.NullMarked;
