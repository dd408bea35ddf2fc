/**
 * A generator is adapted with a human preference score: {@link org.tastemaker.optim.hps.HpsTuning}
 * learns what people like, and a prefix that stands for what they do not.
 *
 * <pre>
 *   a prompt's images --score--> {@link org.tastemaker.optim.hps.PreferenceClasses} --> preferred, not preferred, neither
 *   preferred:      image, "a fox"               \
 *   not preferred:  image, "Weird image. a fox"   }--> {@link org.tastemaker.optim.hps.HpsTuning}: a LoRA
 *   pre-training:   image, its caption           /
 *   sampling: the prefix is the negative prompt
 * </pre>
 */
@NullMarked
package org.tastemaker.optim.hps;

import org.jspecify.annotations.NullMarked;
