;;; recoder-ghost.el --- Suggestions behind point  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; What the server would write at point is shown in grey, and stays while it
;; still fits what is typed.

;;; Code:

(require 'recoder)

(defcustom recoder-ghost-delay 0.05
  "How many seconds after a key a suggestion is asked for."
  :type 'number
  :group 'recoder)

(defface recoder-ghost '((t :inherit shadow))
  "Face of suggestions."
  :group 'recoder)

(defvar-local recoder-ghost--overlay nil
  "What shows the suggestion; nil where there is none, and no key for it.")
(defvar-local recoder-ghost--items nil "The suggestions, the one that is shown first.")
(defvar-local recoder-ghost--tick nil "The state of the text for which was asked last.")
(defvar-local recoder-ghost--timer nil "Asks soon.")

(defvar recoder-ghost-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "TAB") #'recoder-ghost-accept)
    (define-key map (kbd "<tab>") #'recoder-ghost-accept)
    (define-key map [remap forward-word] #'recoder-ghost-accept-word)
    (define-key map [remap right-word] #'recoder-ghost-accept-word)
    (define-key map [remap move-end-of-line] #'recoder-ghost-accept-line)
    (define-key map (kbd "M-n") #'recoder-ghost-next)
    (define-key map (kbd "M-p") #'recoder-ghost-previous)
    (define-key map (kbd "C-g") #'recoder-ghost-dismiss)
    map)
  "Keys while a suggestion is shown; they are what they were where there is none.")

(add-to-list 'minor-mode-map-alist (cons 'recoder-ghost--overlay recoder-ghost-map))

;;;###autoload
(define-minor-mode recoder-ghost-mode
  "Show what Recoder would write at point."
  :lighter nil
  (recoder-ghost-dismiss)
  (setq recoder-ghost--tick (buffer-chars-modified-tick))
  (if recoder-ghost-mode
      (add-hook 'post-command-hook #'recoder-ghost--after-command nil t)
    (remove-hook 'post-command-hook #'recoder-ghost--after-command t)))

(defun recoder-ghost--after-command ()
  "Keep what still fits; where the text has changed and nothing does, ask."
  (when recoder-ghost--timer
    (cancel-timer recoder-ghost--timer))
  (when recoder-ghost--overlay
    (recoder-ghost--show))
  (unless (eq recoder-ghost--tick (buffer-chars-modified-tick))
    (setq recoder-ghost--tick (buffer-chars-modified-tick))
    ;; Nobody who takes something back wants to have something else.
    (unless (or recoder-ghost--overlay buffer-read-only (memq this-command '(undo undo-only undo-redo)))
      (setq recoder-ghost--timer (run-with-timer recoder-ghost-delay nil #'recoder-ghost--ask (current-buffer) (point) 2)))))

(defun recoder-ghost--ask (buffer position kind &optional then)
  "Ask what could stand in BUFFER at POSITION, by itself or by hand, as KIND says.
THEN is called where something came."
  (when (and (buffer-live-p buffer) (eq buffer (window-buffer)))
    (with-current-buffer buffer
      (when-let ((connection (recoder-connection))
                 (tick (buffer-chars-modified-tick)))
        (recoder-request connection "textDocument/inlineCompletion"
                         (list :textDocument (recoder-document connection)
                               :position (recoder-position connection position)
                               :context (list :triggerKind kind))
                         (lambda (answer)
                           (when (buffer-live-p buffer)
                             (with-current-buffer buffer
                               (when (and (eq tick (buffer-chars-modified-tick)) (eq position (point)) recoder-ghost-mode)
                                 (recoder-ghost--take connection answer)
                                 (when (and then recoder-ghost--overlay)
                                   (funcall then))))))
                         #'ignore)))))

(defun recoder-ghost--take (connection answer)
  "Show what ANSWER of CONNECTION suggests."
  (setq recoder-ghost--items
        (mapcar (lambda (item)
                  (let ((range (plist-get item :range)))
                    (list :text (plist-get item :insertText)
                          :start (copy-marker (recoder-point connection (plist-get range :start)))
                          :end (copy-marker (recoder-point connection (plist-get range :end)) t)
                          :command (plist-get item :command))))
                (if (vectorp answer) answer (plist-get answer :items))))
  (recoder-ghost--show))

(defun recoder-ghost--rest ()
  "Return what of the suggestion is not written yet; nil where it does not fit."
  (when-let ((item (car recoder-ghost--items)))
    (let ((start (plist-get item :start)))
      (when (<= start (point) (plist-get item :end))
        (let ((typed (buffer-substring-no-properties start (point)))
              (text (plist-get item :text)))
          (and (string-prefix-p typed text)
               (not (equal text (buffer-substring-no-properties start (plist-get item :end))))
               (substring text (length typed))))))))

(defun recoder-ghost--show ()
  "Draw the suggestion, or take it away where it does not fit."
  (let ((rest (recoder-ghost--rest)))
    (if (or (null rest) (string-empty-p rest))
        (recoder-ghost-dismiss)
      (unless recoder-ghost--overlay
        (setq recoder-ghost--overlay (make-overlay (point) (point))))
      (move-overlay recoder-ghost--overlay (point) (plist-get (car recoder-ghost--items) :end))
      ;; What it replaces stands in it, too.
      (overlay-put recoder-ghost--overlay 'invisible t)
      (setq rest (propertize rest 'face 'recoder-ghost))
      (put-text-property 0 1 'cursor t rest)
      (overlay-put recoder-ghost--overlay 'after-string rest))))

(defun recoder-ghost-dismiss ()
  "Take the suggestion away."
  (interactive)
  (when recoder-ghost--overlay
    (delete-overlay recoder-ghost--overlay))
  (setq recoder-ghost--overlay nil
        recoder-ghost--items nil))

(defun recoder-ghost-accept ()
  "Write the suggestion."
  (interactive)
  (let ((item (car recoder-ghost--items))
        (rest (recoder-ghost--rest)))
    (recoder-ghost-dismiss)
    (delete-region (point) (plist-get item :end))
    (insert rest)
    (when-let ((command (plist-get item :command))
               (connection (recoder-connection)))
      (recoder-request connection "workspace/executeCommand" command #'ignore))))

(defun recoder-ghost-accept-word ()
  "Write the next word of the suggestion."
  (interactive)
  (recoder-ghost--accept-until "\\`[^[:alnum:]_]*[[:alnum:]_]+"))

(defun recoder-ghost-accept-line ()
  "Write the suggestion up to the end of its line; of the next where that is empty."
  (interactive)
  (recoder-ghost--accept-until "\\`\n?[^\n]*"))

(defun recoder-ghost--accept-until (regexp)
  "Write what of the suggestion matches REGEXP at its beginning."
  (let ((rest (recoder-ghost--rest)))
    (if (and (string-match regexp rest) (< (match-end 0) (length rest)))
        (insert (match-string 0 rest))
      (recoder-ghost-accept))))

(defun recoder-ghost-suggest ()
  "Ask for suggestions at point, perhaps several, whatever the settings say."
  (interactive)
  (unless recoder-ghost-mode
    (recoder-ghost-mode 1))
  (recoder-ghost--ask (current-buffer) (point) 1))

(defun recoder-ghost-next ()
  "Show the next suggestion; when there is one only, ask for several."
  (interactive)
  (recoder-ghost--turn (lambda (items) (append (cdr items) (list (car items))))))

(defun recoder-ghost-previous ()
  "Show the suggestion before; when there is one only, ask for several."
  (interactive)
  (recoder-ghost--turn (lambda (items) (append (last items) (butlast items)))))

(defun recoder-ghost--turn (turned)
  "Show the suggestions in the order that TURNED makes of them."
  (let ((turn (lambda ()
                (setq recoder-ghost--items (funcall turned recoder-ghost--items))
                (recoder-ghost--show))))
    (if (cdr recoder-ghost--items)
        (funcall turn)
      (recoder-ghost--ask (current-buffer) (point) 1 turn))))

(provide 'recoder-ghost)
;;; recoder-ghost.el ends here
