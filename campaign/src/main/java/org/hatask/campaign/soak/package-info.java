/** Whether memory, threads and the like stay flat while nodes come and go. */
package org.hatask.campaign.soak;
