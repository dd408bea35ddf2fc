/**
 * The questions that wait for people, and what they answered, on disk.
 *
 * <p>{@link org.tastemaker.human.desk.Desk#ask} waits until enough people have answered; pages hand
 * questions out and bring answers in. What was answered is known again after a restart: nothing is
 * asked twice. Among the questions are checks, which only say how attentive somebody is.
 */
@NullMarked
package org.tastemaker.human.desk;

import org.jspecify.annotations.NullMarked;
