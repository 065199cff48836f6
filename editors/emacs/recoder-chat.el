;;; recoder-chat.el --- Conversations in Markdown files  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; docs/chat.md describes these files.

;;; Code:

(require 'recoder)
(require 'thingatpt)

(defcustom recoder-chat-file "chat.recoder.md"
  "The file of a project in which `recoder-ask' asks; written when you save it.
Its name has to end with .recoder.md."
  :type 'string
  :group 'recoder)

(defconst recoder-chat--link "\\[\\(\\[[0-9]+\\]\\|[^][\n]+\\)\\](\\(file://[^)#\n]+\\)\\(?:#L\\([0-9]+\\)[^)\n]*\\)?)"
  "A citation, with its text, the URI of a file and a line.")

(defvar recoder-chat-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "C-c C-c") #'recoder-chat-send)
    (define-key map (kbd "C-c C-k") #'recoder-stop)
    (define-key map (kbd "C-c C-o") #'recoder-chat-open)
    map)
  "Keys in conversations.")

;;;###autoload
(define-derived-mode recoder-chat-mode text-mode "Recoder"
  "Major mode for conversations with Recoder.

\\{recoder-chat-mode-map}"
  (setq-local font-lock-defaults
              `((("^## .*$" . 'font-lock-keyword-face)
                 ("`[^`\n]+`" . 'font-lock-constant-face)
                 ;; The text alone, without where it leads.
                 (,recoder-chat--link
                  (0 '(face nil invisible t))
                  (1 '(face link invisible nil) t)))
                t))
  (setq-local font-lock-extra-managed-props '(invisible))
  (visual-line-mode))

;;;###autoload
(defun recoder-chat ()
  "Show the conversation about this project, ready for the next question."
  (interactive)
  (let* ((connection (recoder-connection-or-lose))
         (file (expand-file-name recoder-chat-file (recoder-root connection))))
    (pop-to-buffer (find-file-noselect file))
    (unless (derived-mode-p 'recoder-chat-mode)
      (recoder-chat-mode))
    (recoder-attach connection)
    (goto-char (point-max))
    (skip-chars-backward " \t\n")
    (delete-region (point) (point-max))
    (insert (if (bobp) "## You" "") "\n\n")))

;;;###autoload
(defun recoder-ask (question)
  "Ask QUESTION, about the selected lines where some are selected."
  (interactive "sAsk Recoder: ")
  (let ((about (and (use-region-p) (recoder-chat--mention))))
    (deactivate-mark)
    (recoder-chat)
    (insert question (if about (concat " " about) "") "\n")
    (recoder-chat-send)))

(defun recoder-chat--mention ()
  "Return how a question names the selected lines."
  (format "@%s:%d-%d"
          (file-relative-name buffer-file-name (recoder-root (recoder-connection-or-lose)))
          (line-number-at-pos (region-beginning) t)
          (line-number-at-pos (max (region-beginning) (1- (region-end))) t)))

(defun recoder-chat-send ()
  "Have the last question answered below it, and stay at the question."
  (interactive)
  (goto-char (point-max))
  (re-search-backward "^## You" nil t)
  (recenter 0)
  (recoder-execute "recoder.chat.buffer"))

(defun recoder-chat-open ()
  "Open what the citation at point leads to."
  (interactive)
  (unless (thing-at-point-looking-at recoder-chat--link 500)
    (user-error "There is no citation at point"))
  (let ((file (recoder-file-of-uri (match-string-no-properties 2)))
        (line (string-to-number (or (match-string 3) "1"))))
    (find-file-other-window file)
    (goto-char (point-min))
    (forward-line (1- line))))

(provide 'recoder-chat)
;;; recoder-chat.el ends here
